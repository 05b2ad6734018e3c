/* What every page does by itself: theme, times, menus, copying, keys, the count in the tab. Nothing here is needed to
   read a page or to send a form. */
"use strict";

const root = document.documentElement;

/* --- theme: auto, light, dark; shared with the admin through localStorage["theme"] and data-theme ------------------ */
const THEMES = ["auto", "light", "dark"];

function showTheme(theme) {
  root.dataset.theme = theme;
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
    for (const icon of button.querySelectorAll("[data-theme-icon]")) icon.hidden = icon.dataset.themeIcon !== theme;
  }
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
  localStorage.setItem("theme", theme);
  showTheme(theme);
}

/* --- times: the server prints them, the page keeps them fresh ------------------------------------------------------ */
const UNITS = [["d", 86400], ["h", 3600], ["m", 60]];
const LONG = { d: "day", h: "hour", m: "minute", s: "second" };
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function span(seconds) {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) || ["s", 1];
  return [Math.floor(seconds / size), unit];
}

function clock(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(Math.floor(seconds) % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

const LABELS = {
  short: (past) => (past < 5 ? "now" : span(past).join("")),
  long: (past) => {
    const [amount, unit] = span(Math.abs(past));
    return relative.format(past >= 0 ? -amount : amount, LONG[unit]);
  },
  clock: (past) => clock(Math.max(0, past)),
  left: (past) => (past >= 0 ? "expired" : `in ${span(-past).join("\u00a0")}`),
};

function freshenTimes() {
  for (const element of document.querySelectorAll("time[data-as]")) {
    const past = (Date.now() - Date.parse(element.dateTime)) / 1000;
    const label = LABELS[element.dataset.as](past);
    if (element.textContent !== label) element.textContent = label;
    if (element.dataset.as === "left") element.toggleAttribute("data-soon", past > -300);
  }
}

/* --- what waits for me: in the tab's title and icon ---------------------------------------------------------------- */
function showCount() {
  const count = Number(document.querySelector("[data-inbox-count]")?.dataset.inboxCount || 0);
  document.title = (count ? `(${count}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  const icon = document.querySelector("link[rel=icon]");
  const state = root.hasAttribute("data-offline") ? "offline" : count ? "needs" : "normal";
  if (icon && icon.dataset[state] && !icon.href.endsWith(icon.dataset[state])) icon.href = icon.dataset[state];
}

/* --- one polite voice for the screen reader; the first thing it is told is silence ----------------------------------- */
let speaking;
function announce(text) {
  const voice = document.getElementById("voice");
  if (!voice) return;
  clearTimeout(speaking);
  speaking = setTimeout(() => { voice.textContent = text; }, 250);
}

/* --- menus, copying, following a log -------------------------------------------------------------------------------- */
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  announce("Copied");
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  if (event.target.closest("[data-theme-toggle]")) nextTheme();
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

function atEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 48;
}

function follow(log) {
  if (log.dataset.follow !== "off") log.scrollTop = log.scrollHeight;
}

document.addEventListener("scroll", (event) => {
  if (event.target.matches?.("[data-log]")) event.target.dataset.follow = atEnd(event.target) ? "on" : "off";
}, true);

/* --- keys: g then i or b. They can be switched off, and never fire while somebody types ------------------------------ */
let went = 0;
function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (localStorage.getItem("keys") === "off") return;
  if (event.key === "g") went = Date.now();
  else if (Date.now() - went < 1000) {
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
    went = 0;
  }
});

/* --- htmx: what comes in is dressed like what was there -------------------------------------------------------------- */
document.addEventListener("htmx:after:swap", () => {
  freshenTimes();
  showCount();
  document.querySelectorAll("[data-log]").forEach(follow);
});

/* A log that nobody looks at is not fetched. */
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.target.matches?.("[data-tail]")) event.preventDefault();
});

/* What could not be sent is not lost: the form stays as it is, and says so. */
const KEPT = "Nothing was changed and your text is kept.";
const UNSENT = {
  signedOut: `Not sent: you were signed out. ${KEPT}`,
  unreachable: `Not sent: the server cannot be reached. ${KEPT}`,
  403: `Not sent: you may not do this any more. ${KEPT}`,
  404: `Not sent: this is no longer there. ${KEPT}`,
  413: "Not sent: the file is too large.",
};

function unsent(form, why) {
  const words = UNSENT[why] || `Not sent: something went wrong. ${KEPT}`;
  const notice = form.querySelector("[data-unsent]");
  notice.querySelector("span").textContent = words;
  notice.hidden = false;
  announce(words);
}

document.addEventListener("htmx:error", (event) => {
  const form = event.target.closest?.("form[data-decide][hx-post], form[data-write]");
  if (form) unsent(form, "unreachable");
});

/* A form of a task's page: what was accepted empties it, what was refused comes back with it (422), and no other page
   ever replaces it. */
document.addEventListener("htmx:before:response", (event) => {
  const form = event.target.closest?.("form[data-write]");
  if (!form) return;
  const { raw, status } = event.detail.ctx.response;
  if (status === 200 && !raw.redirected) {
    form.reset();
    form.closest("details")?.removeAttribute("open");
    announce("Saved");
  } else if (status !== 422) {
    event.preventDefault();
    unsent(form, raw.redirected ? "signedOut" : status);
  }
});

/* A form that came back refused keeps its words and what was typed until it is sent again: news about the page around it
   would put an empty one in its place. Only the token of a new session passes. */
document.addEventListener("htmx:before:response", (event) => {
  event.target.closest?.("form[data-refused]")?.removeAttribute("data-refused");
});

window.htmx?.registerExtension("refused", {
  htmx_before_morph_node: (oldNode, { newNode }) => {
    if (!oldNode.matches?.("form[data-refused]")) return true;
    oldNode.elements.csrfmiddlewaretoken.value = newNode.elements.csrfmiddlewaretoken.value;
    return false;
  },
});

showTheme(root.dataset.theme);
freshenTimes();
showCount();
document.querySelectorAll("[data-log]").forEach(follow);
setInterval(freshenTimes, 1000);
for (const element of document.querySelectorAll("[data-js]")) element.hidden = false;
window.countermark = { announce, showCount };
root.dataset.ready = "true";
