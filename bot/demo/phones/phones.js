// The page of phones: asks once a second what is new and redraws only the phones that have changed.
"use strict";

const POLL_MS = 1000;
const BOTTOM = 24;
const main = document.getElementById("phones");
const blank = document.getElementById("phone");
const find = document.getElementById("find");
const unreadOnly = document.getElementById("unread");
const live = document.getElementById("live");
const cards = new Map();
const languages = new Intl.DisplayNames(["en"], { type: "language" });

let tag = "";
let clock = null;
let asking = false;

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function languageName(tagOf) {
  try {
    return tagOf ? languages.of(tagOf) : "";
  } catch {
    return tagOf;
  }
}

function pretty(number) {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : number;
}

async function call(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer;
}

// --- one phone ---------------------------------------------------------------------------------------------------

function addCard(phone) {
  const root = blank.content.firstElementChild.cloneNode(true);
  const heading = root.querySelector(".name");
  heading.id = `name${phone.number.slice(1)}`;
  root.setAttribute("aria-labelledby", heading.id);
  const card = { root, phone, version: -1, thread: root.querySelector(".thread"), input: root.querySelector("input") };
  root.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send(card);
  });
  root.addEventListener("focusin", () => markSeen(card));
  root.addEventListener("click", () => markSeen(card));
  main.append(root);
  cards.set(phone.number, card);
  return card;
}

function draw(card, phone) {
  card.phone = phone;
  if (card.version === phone.version) return;
  card.version = phone.version;
  const root = card.root;
  const name = phone.name || pretty(phone.number);
  root.classList.toggle("unread", phone.unread > 0);
  root.querySelector(".dot").hidden = phone.unread === 0;
  root.querySelector(".name").textContent = name;
  root.querySelector(".count").textContent = phone.unread ? `${phone.unread} unread` : "";
  root.querySelector(".number").textContent = pretty(phone.number);
  root.querySelector(".language").textContent = languageName(phone.language);
  root.querySelector(".stopped").hidden = !phone.opted_out;
  card.thread.setAttribute("aria-label", `Texts on the phone of ${name}`);
  card.input.setAttribute("aria-label", `Text as ${name}`);
  root.querySelector("button").setAttribute("aria-label", `Send as ${name}`);
  drawThread(card, phone);
}

function drawThread(card, phone) {
  const thread = card.thread;
  const atBottom = thread.scrollHeight - thread.scrollTop - thread.clientHeight < BOTTOM;
  const items = [];
  let lastDay = "";
  for (const text of phone.texts) {
    if (!text.shown && !text.note && !["failed", "undelivered"].includes(text.status)) continue;
    const day = when(text.at, { weekday: "short", month: "short", day: "numeric" });
    if (day !== lastDay) items.push(make("li", "day", day));
    lastDay = day;
    items.push(drawText(text));
  }
  if (!items.length) items.push(make("li", "empty", "No texts yet"));
  thread.replaceChildren(...items);
  if (atBottom) thread.scrollTop = thread.scrollHeight;
}

function drawText(text) {
  const item = make("li", `text ${text.from_patient ? "out" : "in"}`);
  const bubble = make("p", "", text.body || (text.media ? "" : "(empty)"));
  bubble.dir = "auto";
  if (text.media) bubble.append(make("span", "", `${text.body ? "\n" : ""}📎 ${text.media}`));
  // Beside the bubble, not in it: its first letter would decide the direction of the text.
  item.append(make("span", "who", text.from_patient ? "Patient: " : "Clinic: "), bubble);
  item.append(make("small", "", when(text.at, { hour: "numeric", minute: "2-digit" })));
  if (!text.shown) {
    item.classList.add("lost");
    item.append(make("small", "note", `Not on this phone: ${text.status}`));
  }
  if (text.note) item.append(make("small", "note", text.note));
  return item;
}

async function send(card) {
  const body = card.input.value;
  if (!body.trim()) return;
  card.input.value = "";
  try {
    const sent = call("POST", `/network/phones/${encodeURIComponent(card.phone.number)}/texts`, { body });
    setTimeout(ask, 80);
    await sent;
    ask();
  } catch {
    card.input.value = card.input.value || body;
    live.textContent = "The text was not sent: the network does not answer.";
  }
}

async function markSeen(card) {
  if (!card.phone.unread) return;
  card.phone.unread = 0;
  try {
    await call("POST", `/network/phones/${encodeURIComponent(card.phone.number)}/seen`, {});
  } catch {
    // The next look tells.
  }
}

// --- the page ----------------------------------------------------------------------------------------------------

function when(iso, options) {
  return new Intl.DateTimeFormat("en-US", { timeZone: clock?.zone, ...options }).format(new Date(iso));
}

function narrow() {
  const wanted = find.value.trim().toLowerCase();
  const digits = wanted.replace(/\D/g, "");
  let shown = 0;
  let unread = 0;
  for (const { root, phone } of cards.values()) {
    const found = phone.name.toLowerCase().includes(wanted) || (digits !== "" && phone.number.includes(digits));
    root.hidden = !(found || wanted === "") || (unreadOnly.checked && phone.unread === 0 && !root.matches(":focus-within"));
    if (!root.hidden) shown += 1;
    if (phone.unread) unread += 1;
  }
  document.getElementById("none").hidden = shown > 0;
  document.title = unread ? `(${unread}) Patients' phones` : "Patients' phones";
}

function setClock(news) {
  clock = { ...news, since: performance.now(), start: Date.parse(news.now) };
  document.getElementById("speeds").hidden = !news.adjustable;
  document.getElementById("zone").textContent = news.zone;
  for (const button of document.querySelectorAll("[data-rate]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.rate) === news.rate));
  }
  tick();
}

function tick() {
  if (!clock) return;
  const shown = new Date(clock.start + (performance.now() - clock.since) * clock.rate);
  const time = document.getElementById("time");
  time.dateTime = shown.toISOString();
  time.textContent = when(shown, { weekday: "long", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
}

function show(news) {
  setClock(news.clock);
  const link = document.getElementById("console");
  link.hidden = !news.console;
  if (news.console) link.href = news.console;
  for (const phone of news.phones) draw(cards.get(phone.number) ?? addCard(phone), phone);
  narrow();
}

async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("/network/phones", { headers: { "If-None-Match": tag }, cache: "no-store" });
    if (answer.status === 200) {
      tag = answer.headers.get("ETag") ?? "";
      show(await answer.json());
    }
    live.textContent = "";
  } catch {
    live.textContent = `Not live: the network does not answer since ${new Date().toLocaleTimeString("en-US")}.`;
  } finally {
    asking = false;
  }
}

for (const button of document.querySelectorAll("#speeds button")) {
  button.addEventListener("click", async () => {
    const { rate, jump } = button.dataset;
    const answer = await call("PUT", "/network/clock", rate ? { rate: Number(rate) } : { jump });
    setClock(await answer.json());
  });
}
find.addEventListener("input", narrow);
find.form.addEventListener("submit", (event) => event.preventDefault());
unreadOnly.addEventListener("change", narrow);
setInterval(ask, POLL_MS);
setInterval(tick, 250);
ask();
