// Pictures, videos and files. Videos load when they come near, and let go when they are far away.

import { el, sizeText } from "./dom.js";

const LARGE = { width: 560, height: 352 };
/** What stands beside a text. */
export const SMALL = { width: 85, height: 85 };
const NEAR = "150% 0px";

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) load(target);
      else if (target.paused || target.ended) unload(target);
    }
  },
  { rootMargin: NEAR },
);

function load(video) {
  if (video.hasAttribute("src")) return;
  video.src = video.dataset.src;
}

function unload(video) {
  if (!video.hasAttribute("src") || video.currentTime > 0) return;
  video.removeAttribute("src");
  video.load();
}

/** Have the videos below `root` load when they come near. */
export function watchVideos(root) {
  for (const video of root.querySelectorAll("video")) seen.observe(video);
}

/** Forget the videos below `root`, which is going away. */
export function forgetVideos(root) {
  for (const video of root.querySelectorAll("video")) {
    seen.unobserve(video);
    video.removeAttribute("src");
    video.load();
  }
}

/** The part of a link that stays the same when it is signed anew. */
const lasting = (url) => url.split("?")[0];

/** A size in pixels that leaves the page readable, known before the file is here. */
function fitted(width, height, most) {
  if (!width || !height) return {};
  const scale = Math.min(1, most.width / width, most.height / height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** A gallery item, a thumbnail, or an attachment that can be looked at, in a size of `most`. */
export function medium({ url, content_type: type, width, height, description, spoiler }, most = LARGE) {
  const kind = type?.split("/")[0] ?? guessKind(url);
  const size = fitted(width, height, most);
  const key = lasting(url);
  let shown;
  if (kind === "video") {
    shown = el("video", {
      controls: true,
      preload: "metadata",
      playsinline: true,
      "data-key": key,
      "data-src": url,
      "aria-label": description || "Video",
      ...size,
    });
  } else if (kind === "image") {
    const picture = el("img", { src: url, alt: description || "", loading: "lazy", decoding: "async", "data-key": `img ${key}`, ...size });
    shown = el("a", { href: url, target: "_blank", rel: "noopener", class: "picture", "data-key": key, "aria-label": description ? `Open ${description}` : "Open the picture" }, picture);
  } else {
    shown = el("a", { href: url, target: "_blank", rel: "noopener", "data-key": key }, description || lasting(url).split("/").at(-1));
  }
  return el(
    "div",
    { class: spoiler ? "medium spoiler" : "medium", "data-key": `medium ${key}`, ...(spoiler ? { role: "button", tabindex: "0", "aria-label": "Spoiler: press to show" } : {}) },
    shown,
  );
}

function guessKind(url) {
  const ending = lasting(url).split(".").at(-1).toLowerCase();
  if (["png", "jpg", "jpeg", "gif", "webp"].includes(ending)) return "image";
  if (["mp4", "mov", "webm"].includes(ending)) return "video";
  return "file";
}

/** Whether an attachment is drawn as itself. */
export function isVisible({ content_type: type }) {
  return /^(image\/(png|jpe?g|gif|webp)|video\/(mp4|quicktime|webm))/.test(type ?? "");
}

/** A file as a box with its name and size. */
export function fileBox({ url, filename, size, spoiler }) {
  return el(
    "div",
    { class: "file", "data-key": `file ${lasting(url)}` },
    el("span", { class: "file-icon", "aria-hidden": "true" }, "📄"),
    el("span", {}, el("a", { href: url, target: "_blank", rel: "noopener" }, spoiler ? `Spoiler: ${filename}` : filename), el("small", {}, sizeText(size))),
  );
}
