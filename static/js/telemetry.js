/* A page measures itself: how long it and its requests took, its web vitals, its errors. Served only where
   BROWSER_TELEMETRY is on. Each request goes on as a part of a trace (W3C traceparent): while the page loads of its own,
   later each begins one. What was measured goes to the server in small reports; nothing else leaves the page. */
"use strict";

(() => {
  const { traceparent, to } = document.currentScript.dataset;
  const EVERY = 10000; // milliseconds between reports
  const MOST_SPANS = 50;
  const MOST_FAULTS = 10;
  const send = window.fetch.bind(window);
  const [, trace, served] = traceparent.split("-");
  const page = { trace, span: hex(8) };
  const view = `page-${hex(8)}`; // one word for all that this page asks for
  let report = empty();

  function empty() {
    return { spans: [], vitals: [], faults: [] };
  }

  function hex(bytes) {
    return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function header({ trace, span }) {
    return `00-${trace}-${span}-01`;
  }

  /* The next request's place: below the page while it loads, then a trace of its own. */
  function next() {
    const loading = document.readyState !== "complete";
    return { trace: loading ? page.trace : hex(16), span: hex(8), parent: loading ? page.span : undefined };
  }

  function note(kind, { trace, span, parent }, started, more) {
    if (report.spans.length >= MOST_SPANS) return;
    report.spans.push({
      trace_id: trace, span_id: span, parent_id: parent, kind, ...more,
      started_ms: performance.timeOrigin + started, duration_ms: performance.now() - started,
    });
  }

  /* --- requests: ours are told the trace; other hosts are told nothing ------------------------------------------------- */
  const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

  window.fetch = async (input, init) => {
    const request = input instanceof Request ? input : null;
    if (new URL(request ? request.url : input, location.href).origin !== location.origin) return send(input, init);
    const headers = new Headers(init?.headers ?? request?.headers);
    const place = next();
    headers.set("traceparent", header(place));
    headers.set("X-Correlation-ID", view);
    headers.set("X-Service-Name", "browser");
    const method = (init?.method ?? request?.method ?? "GET").toUpperCase();
    const known = METHODS.includes(method) ? method : "GET";
    const started = performance.now();
    try {
      const response = await send(input, { ...init, headers });
      note("fetch", place, started, { http_method: known, status: response.status });
      return response;
    } catch (error) {
      note("fetch", place, started, { http_method: known, status: 0 });
      throw error;
    }
  };

  /* --- web vitals: https://web.dev/articles/vitals ---------------------------------------------------------------------- */
  const vitals = {};

  function observe(type, take, options = {}) {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...options });
  }

  observe("paint", (entry) => { if (entry.name === "first-contentful-paint") vitals.FCP = entry.startTime; });
  observe("largest-contentful-paint", (entry) => { vitals.LCP = entry.startTime; });
  observe("layout-shift", (entry) => { if (!entry.hadRecentInput) vitals.CLS = (vitals.CLS || 0) + entry.value; });
  observe("event", (entry) => {
    if (entry.interactionId) vitals.INP = Math.max(vitals.INP || 0, entry.duration);
  }, { durationThreshold: 40 });

  window.addEventListener("load", () => setTimeout(() => {
    const [navigation] = performance.getEntriesByType("navigation");
    if (navigation) vitals.TTFB = navigation.responseStart;
    note("page", { ...page, parent: served }, 0, { status: 200 });
  }));

  /* --- errors that nobody caught ------------------------------------------------------------------------------------------ */
  function fault(message, address = "", line = 0) {
    if (report.faults.length >= MOST_FAULTS) return;
    const script = address ? new URL(address, location.href).pathname : "";
    report.faults.push({ message: String(message).slice(0, 300), script: script.slice(0, 200), line });
  }

  window.addEventListener("error", (event) => fault(event.message, event.filename, event.lineno));
  window.addEventListener("unhandledrejection", (event) => fault(event.reason?.message ?? event.reason));

  /* --- reports -------------------------------------------------------------------------------------------------------------- */
  function tell() {
    const { spans, faults } = report;
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (!token || !(spans.length || faults.length || report.vitals.length)) return;
    const body = JSON.stringify(report);
    report = empty();
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token, "X-Service-Name": "browser" };
    send(to, { method: "POST", body, headers, keepalive: true }).catch(() => {}); // it is only telemetry
  }

  /* Vitals are known when the page is left; each is told once. */
  function leave() {
    if (document.visibilityState !== "hidden") return;
    report.vitals = Object.entries(vitals).map(([name, value]) => ({ name, value: Math.max(0, value) }));
    for (const name of Object.keys(vitals)) delete vitals[name];
    tell();
  }

  document.addEventListener("visibilitychange", leave);
  setInterval(tell, EVERY);
  Object.assign(window.countermark, { traceparent: () => header(next()) });
  console.info("Countermark telemetry is on: times, web vitals and errors of this page go to its own server.");
})();
