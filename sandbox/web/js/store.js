// What the page knows: who one is, the places they see, and the messages in them.

import { History, failureOf } from "./history.js";
import { namesFor } from "./names.js";
import { Live, del, get, post, withFiles } from "./wire.js";

const PAGE = 50;
const MOST_INTERACTIONS = 100;
const MOST_TRAFFIC = 500;
const TYPING_MS = 8000;

/** Everything that is shown; `on` tells of changes by name. */
class Store extends EventTarget {
  people = [];
  locales = [];
  me = null;
  overview = null;
  online = new Set();
  connected = false;
  channelId = null;
  controls = [];
  traffic = [];
  #histories = new Map(); // channel id -> History, of the channels that were looked at
  #asked = new Set(); // channels whose newest page was asked for
  #interactions = new Map(); // interaction id -> what the person did and what became of it
  #typing = new Map(); // channel id -> Map of user id -> the timer that ends it
  #unread = new Map(); // channel id -> { count, mentions }
  #live = new Live((event) => this.#hear(event), (is) => this.#connected(is));

  on(name, heard) {
    this.addEventListener(name, ({ detail }) => heard(detail));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // --- who and where ------------------------------------------------------------------------

  async start(personId, channelId) {
    ({ people: this.people, locales: this.locales } = await get(""));
    const known = this.people.some(({ id }) => id === personId);
    await this.be(known ? personId : this.people[0].id, channelId);
    this.#setControls((await get("/controls")).controls);
  }

  async be(personId, channelId = this.channelId) {
    const overview = await get(`/${personId}/overview`);
    this.me = overview.me;
    this.overview = overview;
    for (const known of [this.#histories, this.#asked, this.#interactions, this.#typing, this.#unread, this.online]) known.clear();
    this.#live.be(personId);
    this.#tell("places");
    const known = this.channel(channelId) ? channelId : this.channels()[0]?.id;
    await this.go(known);
  }

  async go(channelId) {
    this.forgetEarlier(this.channelId, PAGE);
    this.channelId = channelId;
    this.#unread.delete(channelId);
    this.#tell("went", channelId);
    this.#tell("unread");
    if (channelId && !this.#asked.has(channelId)) await this.#load(channelId);
  }

  async #load(channelId) {
    this.#asked.add(channelId);
    await this.#page(channelId, "");
  }

  async #page(channelId, before) {
    const me = this.me.id;
    const path = `/${me}/channels/${channelId}/messages?limit=${PAGE}${before && `&before=${before}`}`;
    const found = await get(path);
    if (this.me.id !== me) return;
    const history = this.#histories.get(channelId) ?? new History();
    history.addPage(found);
    history.isComplete ||= found.length < PAGE;
    this.#histories.set(channelId, history);
    this.#tell("messages", { channelId, whole: true });
  }

  /** Earlier messages of a channel; false if there are none. */
  async earlier(channelId) {
    const history = this.#histories.get(channelId);
    if (!history?.size || history.isComplete) return false;
    await this.#page(channelId, history.firstId);
    return true;
  }

  /** Keep only a channel's newest messages; the others are had again when they are wanted. */
  forgetEarlier(channelId, kept) {
    if (this.#histories.get(channelId)?.keepNewest(kept)) this.#tell("messages", { channelId, whole: true });
  }

  /** Go to a message, loading what lies between. */
  async find(channelId, messageId) {
    await this.go(channelId);
    while (!this.message(channelId, messageId)) {
      if (!(await this.earlier(channelId))) return false;
    }
    return true;
  }

  channels() {
    if (!this.overview) return [];
    return [...this.overview.guilds.flatMap((guild) => guild.channels), ...this.overview.dms];
  }

  channel(id = this.channelId) {
    return this.channels().find((channel) => channel.id === id);
  }

  guildOf(channelId = this.channelId) {
    return this.overview?.guilds.find((guild) => guild.channels.some(({ id }) => id === channelId));
  }

  uploadLimit(channelId = this.channelId) {
    return (this.guildOf(channelId) ?? this.channel(channelId))?.upload_limit_bytes ?? 0;
  }

  messages(channelId = this.channelId) {
    return this.#histories.get(channelId)?.all() ?? [];
  }

  message(channelId, messageId) {
    return this.#histories.get(channelId)?.get(messageId);
  }

  isComplete(channelId = this.channelId) {
    return Boolean(this.#histories.get(channelId)?.isComplete);
  }

  isLoading(channelId = this.channelId) {
    return !this.#histories.has(channelId);
  }

  /** One's own commands that have no message yet. */
  pending(channelId = this.channelId) {
    return [...this.#interactions.values()].filter(
      (one) => one.channelId === channelId && one.command && one.state === "pending",
    );
  }

  unread(channelId) {
    return this.#unread.get(channelId) ?? { count: 0, mentions: 0 };
  }

  typing(channelId = this.channelId) {
    return [...(this.#typing.get(channelId)?.keys() ?? [])];
  }

  // --- names ----------------------------------------------------------------------------------

  user(id) {
    const { me, bot, guilds, dms } = this.overview;
    const members = guilds.flatMap((guild) => guild.members.map(({ user }) => user));
    return [me, bot, ...dms.map(({ recipient }) => recipient), ...members].find((user) => user?.id === id);
  }

  /** How texts of the current place call people, roles and channels. */
  names() {
    return namesFor(this);
  }

  // --- what one does --------------------------------------------------------------------------

  send(content, files, replyTo) {
    this.#tell("acted");
    const body = { channel_id: this.channelId, content, ...(replyTo ? { reply_to: replyTo } : {}) };
    return post(`/${this.me.id}/messages`, withFiles(body, files));
  }

  /** Have one's client in a language; the answer comes by the live line, to every window. */
  speak(locale) {
    return post(`/${this.me.id}/locale`, { locale });
  }

  commands(channelId = this.channelId) {
    return get(`/${this.me.id}/commands?channel_id=${channelId}`);
  }

  async use(command, options, files) {
    const names = Object.keys(files);
    const body = { channel_id: this.channelId, command, options, files: names };
    const sent = await post(`/${this.me.id}/use`, withFiles(body, Object.values(files)));
    this.#began(sent.interaction_id, { command: `/${command}` });
  }

  async useMenu(command, targetId) {
    const body = { channel_id: this.channelId, command: command.name, type: command.type, target_id: targetId };
    const sent = await post(`/${this.me.id}/use`, body);
    this.#began(sent.interaction_id, { command: command.name });
  }

  autocomplete(command, options, focused) {
    const body = { channel_id: this.channelId, command, options, focused };
    return post(`/${this.me.id}/autocomplete`, body);
  }

  async click(message, customId, values) {
    const body = { channel_id: message.channel_id, message_id: message.id, custom_id: customId };
    const sent = await post(`/${this.me.id}/click`, values ? { ...body, values } : body);
    this.#began(sent.interaction_id, { messageId: message.id, customId });
  }

  async submitModal(interactionId, values, files) {
    const flat = Object.values(files).flat();
    const numbers = Object.create(null);
    let next = 0;
    for (const [name, list] of Object.entries(files)) numbers[name] = list.map(() => next++);
    const body = { interaction_id: interactionId, values, files: numbers };
    const sent = await post(`/${this.me.id}/modal`, withFiles(body, flat));
    this.#began(sent.interaction_id, { command: "a form" });
  }

  react(message, emoji, add) {
    const body = { channel_id: message.channel_id, message_id: message.id, emoji };
    return (add ? post : del)(`/${this.me.id}/reactions`, body);
  }

  delete(message) {
    return del(`/${this.me.id}/messages`, { channel_id: message.channel_id, message_id: message.id });
  }

  /** Take an ephemeral message, or a command that failed, off one's own screen. */
  dismiss(id) {
    for (const [channelId, history] of this.#histories) {
      if (history.delete(id)) this.#tell("messages", { channelId, gone: id });
    }
  }

  saysTyping() {
    return post(`/${this.me.id}/typing`, { channel_id: this.channelId });
  }

  async followLink(link) {
    const found = await get(`/${this.me.id}/message?link=${encodeURIComponent(link)}`);
    return { channelId: found.channel_id, messageId: found.message.id };
  }

  async control(id, value) {
    this.#setControls((await post("/controls", { id, value })).controls);
  }

  /** Have the controls drawn as they are. */
  refreshControls() {
    this.#tell("controls");
  }

  watchTraffic(on) {
    if (on) this.traffic = [];
    this.#live.watch(on ? "traffic" : null);
  }

  // --- what one hears -------------------------------------------------------------------------

  #connected(is) {
    const again = is && this.connected === false && this.#asked.size > 0;
    this.connected = is;
    if (again) this.#catchUp();
    this.#tell("connection", is);
  }

  /** After a break: what was missed is had anew. */
  #catchUp() {
    for (const known of [this.online, this.#histories, this.#asked]) known.clear();
    if (this.channelId) this.#load(this.channelId);
  }

  #began(id, did) {
    this.#tell("acted");
    const known = this.#interactions.get(id);
    const state = known?.state ?? "pending";
    this.#interactions.set(id, { id, channelId: this.channelId, at: Date.now(), ...known, ...did, state });
    this.#changed(this.#interactions.get(id));
  }

  #hear(event) {
    const { type, channel_id: channelId } = event;
    if (type.startsWith("message_")) this.#hearMessage(type, channelId, event.message);
    else if (type === "interaction") this.#hearInteraction(event);
    else if (type === "typing") this.#hearTyping(channelId, event.user_id);
    else if (type === "presence") this.#hearPresence(event);
    else if (type === "locale") this.#hearLocale(event);
    else if (type === "controls") this.#setControls(event.controls);
    else if (type === "traffic") {
      this.traffic.push(event.entry);
      if (this.traffic.length > MOST_TRAFFIC) this.traffic.shift();
      this.#tell("traffic", event.entry);
    }
  }

  #hearMessage(type, channelId, message) {
    if (this.#asked.has(channelId) && !this.#histories.has(channelId)) {
      this.#histories.set(channelId, new History()); // its page is on its way, and may lack this
    }
    const history = this.#histories.get(channelId);
    const isNew = type === "message_create";
    const isGone = type === "message_delete";
    if (isGone) history?.delete(message.id);
    else if (isNew || history?.has(message.id)) history?.put(message);
    if (isNew) {
      this.#stopTyping(channelId, message.author.id);
      this.#count(channelId, message);
      if (channelId !== this.channelId) this.forgetEarlier(channelId, 2 * PAGE);
    } else {
      this.#requote(channelId, message.id, isGone ? null : message);
    }
    this.#tell("messages", { channelId, [isGone ? "gone" : "changed"]: message.id });
  }

  /** Messages that answer a changed one show it as it is now. */
  #requote(channelId, id, quoted) {
    for (const message of this.#histories.get(channelId)?.answersTo(id) ?? []) {
      message.referenced_message = quoted;
      this.#tell("messages", { channelId, changed: message.id });
    }
  }

  #count(channelId, message) {
    if (message.author.id === this.me.id || channelId === this.channelId) return;
    const mine = message.mentions.some(({ id }) => id === this.me.id) || !this.guildOf(channelId);
    const { count, mentions } = this.unread(channelId);
    this.#unread.set(channelId, { count: count + 1, mentions: mentions + (mine ? 1 : 0) });
    this.#tell("unread");
  }

  #hearInteraction(event) {
    const { interaction_id: id, channel_id: channelId, state, error, modal } = event;
    const known = this.#interactions.get(id) ?? { id, channelId, at: Date.now() };
    Object.assign(known, { state, error });
    this.#interactions.set(id, known);
    if (this.#interactions.size > MOST_INTERACTIONS) {
      this.#interactions.delete(this.#interactions.keys().next().value);
    }
    if (modal && !known.modal) {
      known.modal = modal;
      this.#tell("modal", { interactionId: id, modal });
    }
    this.#changed(known);
  }

  #changed(interaction) {
    const { id, channelId, command, messageId, state } = interaction;
    this.#tell("interaction", interaction);
    if (state !== "pending" && (command || messageId)) this.#interactions.delete(id);
    if (state === "failed" && command) {
      this.#histories.get(channelId)?.put(failureOf(interaction, this.me, this.overview.bot));
      this.#tell("messages", { channelId, changed: id });
    }
    this.#tell("pending");
  }

  #hearTyping(channelId, userId) {
    if (userId === this.me.id) return;
    const typing = this.#typing.get(channelId) ?? new Map();
    this.#typing.set(channelId, typing);
    clearTimeout(typing.get(userId));
    typing.set(userId, setTimeout(() => this.#stopTyping(channelId, userId), TYPING_MS));
    this.#tell("typing");
  }

  #stopTyping(channelId, userId) {
    const typing = this.#typing.get(channelId);
    if (!typing?.has(userId)) return;
    clearTimeout(typing.get(userId));
    typing.delete(userId);
    this.#tell("typing");
  }

  #hearPresence({ user_id: userId, online }) {
    if (online) this.online.add(userId);
    else this.online.delete(userId);
    this.#tell("presence");
  }

  #hearLocale({ locale }) {
    this.me.locale = locale;
    this.#tell("locale");
  }

  #setControls(controls) {
    this.controls = controls;
    this.#tell("controls");
  }
}

export const store = new Store();
