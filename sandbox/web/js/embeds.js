// Embeds, the cards of older bots.

import { el } from "./dom.js";
import { markdown } from "./markdown.js";
import { medium, SMALL } from "./media.js";
import { writtenAt } from "./times.js";

/** One embed; `names` knows ids. */
export function embed(found, names) {
  const node = el(
    "article",
    { class: "embed" },
    el(
      "div",
      { class: "embed-text" },
      found.author ? el("div", { class: "embed-author" }, linked(found.author.url, found.author.name)) : null,
      found.title ? el("div", { class: "embed-title" }, linked(found.url, markdown(found.title, names))) : null,
      found.description ? markdown(found.description, names) : null,
      found.fields?.length
        ? el(
            "div",
            { class: "embed-fields" },
            found.fields.map((field) =>
              el("div", { class: field.inline ? "embed-field inline" : "embed-field" }, el("strong", {}, markdown(field.name, names)), markdown(field.value, names)),
            ),
          )
        : null,
      found.image ? medium({ ...found.image, content_type: "image/png" }, SMALL) : null,
      found.footer || found.timestamp
        ? el("small", {}, [found.footer?.text, found.timestamp && writtenAt(found.timestamp)].filter(Boolean).join(" • "))
        : null,
    ),
    found.thumbnail ? el("div", { class: "thumbnail" }, medium({ ...found.thumbnail, content_type: "image/png" }, SMALL)) : null,
  );
  if (found.color) node.style.setProperty("--accent-edge", `#${found.color.toString(16).padStart(6, "0")}`);
  return node;
}

function linked(url, inside) {
  return url ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, inside) : inside;
}
