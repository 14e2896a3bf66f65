// The left side: servers, channels, direct messages, and who one is.

import { avatar, el, initials, morph } from "./dom.js";
import { attempt } from "./menus.js";
import { nameOf } from "./names.js";
import { store } from "./store.js";

/** Draw the left side, and keep it true. `moved` closes it on a narrow window. */
export function sidebar({ rail, title, channels, who }, moved) {
  const go = (id) => {
    store.go(id);
    moved();
  };
  const draw = () => {
    if (!store.overview) return;
    morph(rail, drawRail(rail, go));
    title.textContent = store.guildOf()?.name ?? "Direct messages";
    morph(channels, drawChannels(channels));
    morph(who, drawWho(who));
    who.querySelector("[name=language]").value = store.me.locale; // what was chosen by hand outlives a morph
  };
  channels.onclick = ({ target }) => {
    const found = target.closest("[data-channel]");
    if (found) go(found.dataset.channel);
  };
  rail.onclick = ({ target }) => {
    const found = target.closest("[data-channel]");
    if (found) go(found.dataset.channel);
  };
  who.onchange = ({ target }) => (target.name === "language" ? speak(target.value) : store.be(target.value));
  const speak = async (locale) => {
    await attempt(() => store.speak(locale));
    draw();
  };
  for (const news of ["places", "went", "unread", "presence", "connection", "locale"]) store.on(news, draw);
}

function badge(mentions) {
  return mentions ? el("span", { class: "badge", "aria-hidden": "true" }, mentions) : null;
}

/** A place's name with its news, for whoever cannot see the badge. */
function spoken(name, count, mentions) {
  if (mentions) return `${name}, ${mentions} ${mentions === 1 ? "mention" : "mentions"}`;
  return count ? `${name}, new messages` : name;
}

function drawRail(rail) {
  const here = store.guildOf();
  const fresh = rail.cloneNode(false);
  const [dm] = store.overview.dms;
  const inDms = dm ? store.unread(dm.id) : { count: 0, mentions: 0 };
  fresh.append(
    el(
      "button",
      { type: "button", class: "server home", "data-key": "home", "data-channel": dm?.id, "aria-current": here ? null : "true", title: "Direct messages", "aria-label": spoken("Direct messages", inDms.count, inDms.mentions) },
      el("span", { "aria-hidden": "true" }, "💬"),
      badge(inDms.mentions),
    ),
    el("hr", { "data-key": "line" }),
    ...store.overview.guilds.map((guild) => {
      const totals = guild.channels.map(({ id }) => store.unread(id));
      const mentions = totals.reduce((sum, one) => sum + one.mentions, 0);
      const news = totals.some(({ count }) => count);
      return el(
        "button",
        { type: "button", class: news ? "server news" : "server", "data-key": guild.id, "data-channel": guild.channels[0]?.id, "aria-current": here?.id === guild.id ? "true" : null, title: guild.name, "aria-label": spoken(guild.name, news, mentions) },
        el("span", { "aria-hidden": "true" }, initials(guild.name)),
        badge(mentions),
      );
    }),
  );
  return fresh;
}

function drawChannels(channels) {
  const guild = store.guildOf();
  const fresh = channels.cloneNode(false);
  for (const channel of guild ? guild.channels : store.overview.dms) {
    const { count, mentions } = store.unread(channel.id);
    const current = channel.id === store.channelId;
    const label = guild
      ? [el("span", { class: "hash", "aria-hidden": "true" }, "#"), el("span", {}, channel.name)]
      : [avatar(channel.recipient.id, nameOf(channel.recipient)), el("span", {}, nameOf(channel.recipient)), presence(channel.recipient.id)];
    fresh.append(
      el(
        "button",
        { type: "button", class: count ? "channel news" : "channel", "data-key": channel.id, "data-channel": channel.id, "aria-current": current ? "page" : null, "aria-label": count ? spoken(channel.name ?? nameOf(channel.recipient), count, mentions) : null },
        label,
        badge(mentions),
      ),
    );
  }
  return fresh;
}

/** A dot that says whether somebody, such as the app, is online. */
export function presence(id) {
  const online = store.online.has(id);
  return el("span", { class: online ? "presence online" : "presence", "data-key": `presence ${id}`, title: online ? "online" : "offline" }, el("span", { class: "unseen" }, online ? "online" : "offline"));
}

function drawWho(who) {
  const fresh = who.cloneNode(false);
  const name = nameOf(store.me);
  fresh.append(
    avatar(store.me.id, name),
    el(
      "label",
      { class: "who-person" },
      el("span", { class: "who-label" }, "You are"),
      el("select", { "aria-label": "Who you are", "data-key": `who ${store.me.id}` }, store.people.map((person) => el("option", { value: person.id, selected: person.id === store.me.id }, `${person.name} – ${person.about}`))),
      el("span", { class: "who-about" }, store.people.find(({ id }) => id === store.me.id)?.about),
    ),
    el(
      "label",
      { class: "who-language", title: "Language" },
      el("span", { class: "unseen" }, "Language"),
      el("span", { "aria-hidden": "true" }, "🌐"),
      el("select", { name: "language", "data-key": "language" }, store.locales.map((locale) => el("option", { value: locale.id, lang: locale.id }, locale.name))),
    ),
  );
  return fresh;
}

/** The list of members on the right. */
export function members(root) {
  const draw = () => {
    if (root.hidden || !store.overview) return;
    const guild = store.guildOf();
    const people = guild ? guild.members.map(({ user }) => user) : [store.me, store.overview.bot];
    const fresh = root.cloneNode(false);
    fresh.append(
      el("h2", {}, `Members – ${people.length}`),
      ...people.map((user) =>
        el(
          "button",
          { type: "button", class: "member", "data-user": user.id, "data-key": user.id },
          avatar(user.id, nameOf(user)),
          el("span", {}, nameOf(user)),
          user.bot ? [el("span", { class: "tag" }, "APP"), presence(user.id)] : null,
        ),
      ),
    );
    morph(root, fresh);
  };
  for (const news of ["places", "went", "presence"]) store.on(news, draw);
  return draw;
}
