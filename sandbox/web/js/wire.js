// All that goes between the page and the sandbox.

const PEOPLE = document.querySelector("meta[name=people]").content;

/** The sandbox said no; the message is a sentence for the reader. */
export class Refused extends Error {}

async function call(method, path, body) {
  const options = { method };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let response;
  try {
    response = await fetch(PEOPLE + path, options);
  } catch {
    throw new Refused("The sandbox does not answer. Is it still running?");
  }
  const found = response.headers.get("Content-Type")?.startsWith("application/json")
    ? await response.json()
    : {};
  if (!response.ok) throw new Refused(found.message ?? `The sandbox answered ${response.status}.`);
  return found;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const del = (path, body) => call("DELETE", path, body);

/** A JSON body together with files, numbered as Discord numbers them. */
export function withFiles(body, files) {
  if (!files.length) return body;
  const form = new FormData();
  form.append("payload_json", new Blob([JSON.stringify(body)], { type: "application/json" }));
  files.forEach((file, index) => form.append(`files[${index}]`, file, file.name));
  return form;
}

const RETRY_MS = [250, 500, 1000, 2000, 4000];

/** The page's one WebSocket: what a person sees happen. It comes back by itself. */
export class Live {
  #socket = null;
  #person = null;
  #tries = 0;
  #watch = null;

  /** `heard` gets each event, `connected` is told true or false. */
  constructor(heard, connected) {
    this.heard = heard;
    this.connected = connected;
  }

  /** See what this person sees, from now on. */
  be(person) {
    this.#person = person;
    this.#tries = 0;
    this.#socket?.close();
    this.#open();
  }

  /** Also hear of the wire's traffic (`"traffic"`), or no more (`null`). */
  watch(what) {
    this.#watch = what;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ watch: what }));
  }

  #open() {
    const url = new URL(`${PEOPLE}/${this.#person}/events`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      const event = JSON.parse(data);
      if (event.type === "ready") {
        this.#tries = 0;
        if (this.#watch) socket.send(JSON.stringify({ watch: this.#watch }));
        this.connected(true);
      } else {
        this.heard(event);
      }
    };
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      this.connected(false);
      const wait = RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)];
      setTimeout(() => socket === this.#socket && this.#open(), wait);
    };
  }
}
