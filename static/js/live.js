/* The page follows the log: one socket, small signals, and then a GET of the fragment that the viewer may see.
   The contract is design/api.md: hello, event, resync, ping; ?since=<pos> replays what was missed. */
"use strict";

(() => {
  const body = document.body;
  const path = body.dataset.liveSocket;
  if (!path) return;

  const FOR_GOOD = { 4401: "signed-out", 4403: "forbidden", 4404: "forbidden" };
  const SILENCE = 45000; // the server pings more often than this; silence means the line is dead
  const indicator = document.getElementById("live");
  const banner = document.getElementById("live-banner");
  const signIn = document.getElementById("live-signed-out");
  const { announce, showCount } = window.countermark;

  let socket = null;
  let position = body.dataset.livePos || "";
  let failures = 0;
  let lostAt = null;
  let heardAt = Date.now();
  let freshAt = Date.now();
  let retryAt = 0;
  let timer = 0;
  let missed = []; // the tasks of what happened while the line was down
  let catching = false;

  /* --- regions: an element names what it shows, and asks for itself again when that changed --------------------------- */
  const waiting = new Map(); // element -> timer
  const busy = new WeakSet(); // a GET is under way
  const dirty = new WeakSet(); // …and something happened meanwhile

  function regionsOf(topic) {
    return document.querySelectorAll(`[data-live~="${CSS.escape(topic)}"]`);
  }

  function refresh(region, delay = 150, force = false) {
    if (waiting.has(region) || (!force && held(region))) return;
    if (busy.has(region)) {
      dirty.add(region);
      return;
    }
    waiting.set(region, setTimeout(() => {
      waiting.delete(region);
      if (!region.isConnected) return;
      busy.add(region);
      region.dispatchEvent(new CustomEvent("live"));
    }, delay));
  }

  /* A list never moves under the pointer: it says that there is something new, and shows it when the pointer leaves. */
  function held(region) {
    if (!region.hasAttribute("data-hold") || !region.matches(":hover")) return false;
    const bar = region.querySelector("[data-held]");
    if (bar?.hidden) {
      bar.hidden = false;
      const release = () => { bar.hidden = true; refresh(region, 0, true); };
      region.addEventListener("mouseleave", release, { once: true });
      bar.addEventListener("click", release, { once: true });
    }
    return true;
  }

  function refreshAll() {
    document.querySelectorAll("[data-live]").forEach((region) => refresh(region, 0));
  }

  document.addEventListener("htmx:finally:request", (event) => {
    const region = event.target;
    if (!busy.delete(region)) return;
    if (dirty.delete(region)) refresh(region, 400);
  });

  /* An answer is shown only if it is one: a sign-in page or a fault never replaces what the reader looks at. */
  document.addEventListener("htmx:before:response", (event) => {
    const region = event.target;
    if (!region.matches?.("[data-live], [data-tail]")) return;
    const { raw, status } = event.detail.ctx.response;
    if (raw.redirected || status === 401) {
      event.preventDefault();
      stop("signed-out");
    } else if (status === 404 || status === 403) {
      event.preventDefault();
      const gone = document.createElement("p");
      gone.className = "empty";
      gone.textContent = "This is no longer visible to you.";
      region.replaceChildren(gone);
    } else if (status >= 400) {
      event.preventDefault();
    } else {
      freshAt = Date.now();
      showFreshness();
    }
  });

  /* --- messages ------------------------------------------------------------------------------------------------------- */
  function topicsOf(event) {
    const topics = [];
    if (event.task_id) topics.push(`task:${event.task_id}`);
    if (event.project_id) topics.push(`project:${event.project_id}`);
    if (event.type.startsWith("approval.")) topics.push("inbox");
    return topics;
  }

  function receive(message) {
    heardAt = Date.now();
    if (message.op === "event") {
      position = message.pos;
      if (catching || lostAt !== null) missed.push(message.task_id);
      for (const topic of topicsOf(message)) regionsOf(topic).forEach((region) => refresh(region));
    } else if (message.op === "hello") {
      if (position === "") position = message.pos;
      opened();
    } else if (message.op === "resync") {
      position = message.pos;
      refreshAll();
    } else if (message.op === "ping") {
      position = message.pos; // past what others may see and I may not
    }
    freshAt = Date.now();
    showFreshness();
  }

  function opened() {
    const wasLost = lostAt !== null;
    const wasOut = indicator.dataset.state === "signed-out";
    failures = 0;
    lostAt = null;
    signIn.hidden = true;
    show("live", "Live");
    if (wasOut) refreshAll(); // the forms need the new session's token
    if (!wasLost) return;
    catching = true;
    say("Back online. Catching up.", "ok");
    setTimeout(caughtUp, 1500);
  }

  function caughtUp() {
    catching = false;
    if (lostAt !== null) return;
    const changes = missed.length === 1 ? "1 change" : `${missed.length} changes`;
    mark([...document.querySelectorAll("[data-card]")].filter((card) => missed.includes(card.dataset.card)));
    say(missed.length ? `Back online. Caught up on ${changes}.` : "Back online. Nothing was missed.", "ok");
    if (missed.length) announce(changes);
    missed = [];
    setTimeout(() => { if (lostAt === null) banner.hidden = true; }, 2500);
  }

  function mark(cards) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    cards.forEach((card) => card.classList.add("changed"));
    setTimeout(() => cards.forEach((card) => card.classList.remove("changed")), 2000);
  }

  /* --- the socket ------------------------------------------------------------------------------------------------------- */
  function connect() {
    clearTimeout(timer);
    const url = new URL(path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (position !== "") url.searchParams.set("since", position);
    const trace = window.countermark.traceparent?.(); // a socket takes no headers
    if (trace) url.searchParams.set("traceparent", trace);
    const opening = new WebSocket(url);
    socket = opening;
    retryAt = 0;
    heardAt = Date.now();
    opening.addEventListener("message", (event) => receive(JSON.parse(event.data)));
    opening.addEventListener("close", (event) => {
      if (socket === opening) closed(event.code);
    });
  }

  function closed(code) {
    socket = null;
    if (FOR_GOOD[code]) {
      stop(FOR_GOOD[code]);
      return;
    }
    failures += 1;
    lostAt ??= Date.now();
    const ceiling = Math.min(15000, 500 * 2 ** Math.min(failures, 6));
    const wait = ceiling / 2 + Math.random() * (ceiling / 2); // jitter: browsers must not return all at once
    retryAt = Date.now() + wait;
    timer = setTimeout(connect, wait);
  }

  function stop(state) {
    clearTimeout(timer);
    const open = socket;
    socket = null;
    open?.close(1000);
    retryAt = Infinity;
    lostAt = null;
    if (state === "signed-out") {
      show(state, "Signed out");
      banner.hidden = true;
      signIn.hidden = false;
    } else {
      show(state, "Not live");
      refreshAll(); // what is no longer mine to see goes away
    }
  }

  function retry() {
    if (!socket && indicator.dataset.state !== "forbidden") connect();
  }

  /* --- the indicator: always in words ------------------------------------------------------------------------------------- */
  function show(state, words) {
    if (indicator.dataset.state === state) return;
    indicator.dataset.state = state;
    indicator.querySelector("span").textContent = words;
    const offline = state !== "live" && state !== "polling";
    document.documentElement.toggleAttribute("data-offline", offline);
    showCount();
  }

  function say(text, tone, withRetry = false) {
    banner.className = `banner ${tone}`;
    banner.querySelector("span").textContent = text;
    banner.querySelector("button").hidden = !withRetry;
    banner.hidden = false;
  }

  function showFreshness() {
    document.documentElement.toggleAttribute("data-stale", Date.now() - freshAt > 60000);
  }

  function tick() {
    showFreshness();
    if (retryAt === Infinity) return;
    if (socket && Date.now() - heardAt > SILENCE) socket.close();
    if (lostAt === null || Date.now() - lostAt < 2000) return;
    const polling = Date.now() - lostAt > 30000;
    show(polling ? "polling" : "reconnecting", polling ? "Updating every 15 s" : "Reconnecting");
    const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
    const since = new Date(freshAt).toLocaleTimeString("en-GB");
    say(`Live updates lost. Showing data as of ${since}. ${seconds ? `Retrying in ${seconds} s.` : "Retrying."}`, "warn", true);
  }

  function poll() {
    if (retryAt !== Infinity && lostAt !== null && Date.now() - lostAt > 30000 && !document.hidden) refreshAll();
  }

  banner.querySelector("button").addEventListener("click", retry);
  window.addEventListener("online", retry);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) retry(); });
  window.addEventListener("pagehide", () => { const open = socket; socket = null; open?.close(1000); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) retry(); });
  setInterval(tick, 1000);
  setInterval(poll, 15000);
  connect();
})();
