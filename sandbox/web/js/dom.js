// Making elements, and changing them in place.

/** An element; `props` holds attributes, `class`, `on…` handlers and properties such as `value`. */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "href" && !SAFE_LINK.test(value)) continue;
    if (name.startsWith("on") || PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

const SAFE_LINK = /^(https?:\/\/|\/|#)/i;
const PROPERTIES = new Set(["value", "checked", "disabled", "muted", "hidden", "files", "indeterminate"]);
// What the page itself keeps on an element between two drawings of it.
const KEPT = new Set(["src", "open", "data-revealed", "data-busy", "tabindex", "data-error"]);

/** Make `old` look like `fresh` and keep its elements, so that a playing video plays on. */
export function morph(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name === "style") old.style.cssText = fresh.style.cssText;
    else if (old.getAttribute(name) !== value && !(KEPT.has(name) && old.hasAttribute(name))) {
      old.setAttribute(name, value);
    }
  }
  if ("disabled" in fresh && old.disabled !== fresh.disabled) old.disabled = fresh.disabled;
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const found = sameFrom(at, wanted);
    if (!found) {
      old.insertBefore(wanted, at);
      continue;
    }
    while (at !== found) at = removeAndNext(at);
    if (found.nodeType === Node.TEXT_NODE) {
      if (found.data !== wanted.data) found.data = wanted.data;
    } else {
      morph(found, wanted);
    }
    at = found.nextSibling;
  }
  while (at) at = removeAndNext(at);
}

function removeAndNext(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function sameFrom(node, wanted) {
  for (let candidate = node; candidate; candidate = candidate.nextSibling) {
    if (isSame(candidate, wanted)) return candidate;
    if (!keyOf(wanted)) return null;
  }
  return null;
}

function isSame(one, other) {
  return one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined;
}

/** The first letters of a name, for a round picture. */
export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
}

/** A round picture made of a name's initials. */
export function avatar(id, name) {
  return el("span", { class: `avatar hue-${Number(BigInt(id) % 7n)}`, "aria-hidden": "true" }, initials(name));
}

/** A size in bytes as people say it. */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
