// One channel's messages as far as they are known, oldest first.

export const EPHEMERAL = 1 << 6;
export const LOADING = 1 << 7;

/** Ids are numbers too large for JavaScript's own; the longer one is the later. */
function order(one, other) {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}

/** `isComplete` says whether the channel's beginning is here. */
export class History {
  #byId = new Map();
  isComplete = false;

  get size() {
    return this.#byId.size;
  }

  get firstId() {
    return this.#byId.keys().next().value;
  }

  all() {
    return [...this.#byId.values()];
  }

  get(id) {
    return this.#byId.get(id);
  }

  has(id) {
    return this.#byId.has(id);
  }

  delete(id) {
    return this.#byId.delete(id);
  }

  /** Put a message where it belongs in time. */
  put(message) {
    const last = [...this.#byId.keys()].at(-1);
    this.#byId.set(message.id, message);
    if (last && order(message.id, last) < 0) this.#sort();
  }

  /** Add a page of messages; what is here already is newer than the page. */
  addPage(messages) {
    for (const message of messages) if (!this.has(message.id)) this.#byId.set(message.id, message);
    this.#sort();
  }

  /** Forget all but the newest; whether there was anything to forget. */
  keepNewest(count) {
    if (this.size <= count) return false;
    this.#byId = new Map([...this.#byId].slice(-count));
    this.isComplete = false;
    return true;
  }

  /** The messages that answer a certain one. */
  answersTo(id) {
    return this.all().filter((message) => message.message_reference?.message_id === id);
  }

  #sort() {
    this.#byId = new Map([...this.#byId].sort(([one], [other]) => order(one, other)));
  }
}

/** A command that got no answer, as a message that only its user sees. */
export function failureOf({ id, channelId, command, error }, me, bot) {
  return {
    id,
    channel_id: channelId,
    author: bot,
    flags: EPHEMERAL,
    timestamp: new Date().toISOString(),
    edited_timestamp: null,
    content: "",
    ...{ embeds: [], components: [], attachments: [], mentions: [] },
    interaction_metadata: { id, user: me },
    interaction: { id, name: command.replace(/^\//, "") },
    failure: error,
  };
}
