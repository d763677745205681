// What the console does beyond plain forms: stays live, counts segments, listens to keys, warns before signing out.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const phrases = JSON.parse(document.body.dataset.phrases || "{}");
  const say = (key, values = {}) => (phrases[key] || key).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const live = $("#live");
  const GSM7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\[~\]|€]*$/;
  const EXTENDED = /[\f^{}\\[~\]|€]/g;

  // Segments, as the carrier counts them
  function packed(widths, room) {
    let parts = 1, used = 0;
    for (const width of widths) {
      if (used + width > room) { parts += 1; used = 0; }
      used += width;
    }
    return parts;
  }
  function segments(text) {
    if (!text) return [0, "GSM-7", 160];
    if (GSM7.test(text)) {
      const septets = text.length + (text.match(EXTENDED) || []).length;
      if (septets <= 160) return [1, "GSM-7", 160 - septets];
      return [packed([...text].map((c) => (c.match(EXTENDED) ? 2 : 1)), 153), "GSM-7", null];
    }
    if (text.length <= 70) return [1, "Unicode", 70 - text.length];
    return [packed([...text].map((c) => c.length), 67), "Unicode", null];
  }
  function count() {
    const box = $("#reply"), out = $("#segments");
    if (!box || !out) return;
    const [parts, alphabet, left] = segments(box.value.trim());
    out.textContent = parts === 0 ? "" : left !== null ? say("one_segment", { left }) : say("segments", { count: parts });
    if (parts && alphabet === "Unicode") out.textContent += " · Unicode";
  }

  // Live: only what has changed comes back, by the version that the page has
  let etag = live ? live.dataset.etag : "";
  let lastLive = new Date();
  function fresh() {
    lastLive = new Date();
    $("#stale").hidden = true;
  }
  function stale() {
    const time = lastLive.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    $("#stale").textContent = say("stale", { time });
    $("#stale").hidden = false;
  }
  const known = new Set();
  const rows = () => [...document.querySelectorAll("#list .item")];
  function lookAtList(first) {
    const added = rows().filter((row) => !known.has(row.dataset.id));
    rows().forEach((row) => known.add(row.dataset.id));
    if (first || !added.length) return;
    added.forEach((row) => row.classList.add("fresh"));
    const emergencies = added.filter((row) => row.classList.contains("emergency")).length;
    $("#announce").textContent = emergencies
      ? say(emergencies === 1 ? "new_emergency" : "new_emergencies", { count: emergencies })
      : say("new", { count: added.length });
  }
  // Emergencies, whatever is open: in the title of a tab behind others, and said once when there are more than before
  const named = document.title.replace(/^⚠ /, "");
  const alarms = () => Number($("#alarm .alarm")?.dataset.count || 0);
  let alarmed = alarms();
  function lookAtAlarm() {
    if (alarms() > alarmed && !$("#announce").textContent.includes("emergenc")) $("#announce").textContent = $("#alarm").textContent;
    alarmed = alarms();
  }
  function title() {
    const list = $("#list"), mark = alarms() ? "⚠ " : "";
    // The list is drawn anew less often than the counts.
    const waiting = Number($('#views a[href$="view=open"] .count')?.textContent || 0);
    const name = say($(".thread") ? "conversation" : $("#today") ? "today" : "inbox");
    document.title = list ? `${mark}${waiting ? `(${waiting}) ` : ""}${name} · Tendril` : mark + named;
  }
  const atBottom = (box) => box && box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  let wasAtBottom = true;
  function toBottom() {
    const box = $("#scroll");
    if (box) box.scrollTop = box.scrollHeight;
  }
  function notice() {
    // A draft that has not been begun may as well be written on what is known now.
    const box = $("#reply"), seen = $("#seen"), log = $("#log");
    if (seen && log && (!box || !box.value)) seen.value = log.dataset.seen;
  }
  function undoTimers() {
    document.querySelectorAll("button[data-lasts]").forEach((button) => {
      if (button.dataset.started) return;
      button.dataset.started = "yes";
      setTimeout(() => button.closest("form")?.remove(), Number(button.dataset.lasts) * 1000);
    });
  }
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target === live && etag) event.detail.headers["If-None-Match"] = `"${etag}"`;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const answer = event.detail.xhr;
    if (!answer || !answer.status) return;
    const mark = (answer.getResponseHeader("ETag") || "").replaceAll('"', "");
    if (mark.includes(".")) etag = mark;
    if (event.target !== live) return;
    if (answer.status < 400) fresh();
    const left = answer.getResponseHeader("Session-Ends-In");
    if (left !== null) leaving(Number(left));
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      if (event.target === live) stale();
      else if (event.detail.xhr && event.detail.xhr.status !== 401) {
        $("#announce").textContent = say("failed");
        stale();
      }
    });
  }
  // What has been begun survives an act on the same conversation: only sending empties the box it came from.
  let begun = null;
  const opened = () => document.querySelector('#where [name="c"]')?.value;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "pane") return;
    const by = event.detail.requestConfig?.elt;
    const kept = { in: opened() };
    if (by?.id !== "reply-form") kept.reply = $("#reply")?.value;
    if (!by?.classList.contains("note-form")) kept.note = $("#note")?.value;
    begun = kept;
  });
  function restore() {
    if (!begun || begun.in !== opened()) return;
    for (const id of ["reply", "note"]) {
      const box = document.getElementById(id);
      if (box && !box.value && begun[id]) box.value = begun[id];
    }
    begun = null;
  }
  // How far somebody has scrolled, what they have unfolded and chosen stays so when the piece of it is drawn anew
  let looks = [];
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    wasAtBottom = atBottom($("#scroll"));
    const piece = event.detail.target;
    if (!piece) return;
    const folds = [...piece.querySelectorAll("details > summary[id]")].map((summary) => {
      const details = summary.parentElement;
      return { id: summary.id, open: details.open, chosen: details.open && details.querySelector("select")?.value };
    });
    looks.push({ id: piece.id, scrolled: piece.scrollTop, folds });
  });
  function lookAsBefore() {
    for (const { id, scrolled, folds } of looks) {
      for (const { id: summary, open, chosen } of folds) {
        const details = document.getElementById(summary)?.parentElement;
        if (!details) continue;
        details.open = open;
        if (chosen) details.querySelector("select").value = chosen;
      }
      const piece = document.getElementById(id);
      if (piece) piece.scrollTop = scrolled;
    }
    looks = [];
  }
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    lookAsBefore();
    if (event.target && event.target.id === "log" && wasAtBottom) toBottom();
    after();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target && event.detail.target.id === "pane") {
      restore();
      toBottom();
      document.querySelector("#pane [autofocus]")?.focus();
      markCurrent();
    }
    after();
  });
  // A place in the list stays marked at once, before the next look at it
  function markCurrent() {
    const open = opened();
    document.querySelectorAll("#list a").forEach((link) => {
      const current = open && link.pathname.endsWith(`/${open}`);
      if (current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    });
  }
  function after() {
    count();
    notice();
    title();
    undoTimers();
    markCurrent();
    if ($("#list")) lookAtList(known.size === 0 && rows().length === 0);
    lookAtAlarm();
  }

  // Before an idle person is signed out
  const dialog = $("#leaving");
  function leaving(left) {
    if (!dialog) return;
    if (left <= 60 && !dialog.open) dialog.showModal();
    if (left > 60 && dialog.open) dialog.close();
    $("#leaving-left").textContent = String(left);
  }
  let told = Date.now();
  function active(now) {
    const place = document.body.dataset.active;
    if (!place || (!now && Date.now() - told < 60000)) return;
    told = Date.now();
    const token = JSON.parse(document.body.getAttribute("hx-headers"));
    fetch(place, { method: "POST", headers: token, credentials: "same-origin" }).catch(() => {});
  }
  $("#stay")?.addEventListener("click", () => { dialog.close(); active(true); });
  for (const name of ["input", "pointerdown", "keydown"]) document.addEventListener(name, () => active(false), { passive: true });

  // Keys: never in fields, never with a modifier, and only where they are on
  const keysOn = () => localStorage.getItem("keys") !== "off";
  const box = $("#keys");
  if (box) {
    box.checked = keysOn();
    box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
  }
  function step(by) {
    const links = [...document.querySelectorAll("#list .item a")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const from = at >= 0 ? at : links.findIndex((link) => link.hasAttribute("aria-current"));
    links[Math.min(Math.max(from + by, 0), links.length - 1)].focus();
  }
  const press = (key) => document.querySelector(`#case [data-key="${key}"]`)?.click();
  const snooze = () => { press("b"); document.querySelector("#case .snooze[open] button")?.focus(); };
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    o: () => document.activeElement?.closest?.("#list .item a")?.click(),
    c: () => press("c"),
    e: () => press("e"),
    b: () => snooze(),
    r: () => $("#reply")?.focus(),
    n: () => $("#note")?.focus(),
    t: () => $("#take-first")?.click(),
    "/": () => ($("#seek") || document.querySelector('.tabs a[href$="/find"]'))?.[$("#seek") ? "focus" : "click"](),
    "?": () => $("#help")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field?.id === "reply") {
      event.preventDefault();
      $("#reply-form").requestSubmit();
      return;
    }
    if (event.key === "Escape" && field) { field.blur(); return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey || !$("#list") || !keysOn() || document.querySelector("dialog[open]")) return;
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
    else document.dispatchEvent(new CustomEvent("console:key", { detail: event.key }));
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  });
  document.addEventListener("input", (event) => { if (event.target.id === "reply") count(); });

  if ($("#list")) lookAtList(true);
  count();
  undoTimers();
  toBottom();
})();
