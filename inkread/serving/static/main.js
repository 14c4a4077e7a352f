// The page: what is drawn or opened is read, and what was read is shown.

import * as backend from "./backend.js";
import { Form } from "./form.js";
import { showExplanation } from "./inside.js";
import { Pad } from "./pad.js";
import { Practice } from "./practise.js";
import { digitsOf, doubtful, percent, showBars, showBoxes, showDigits, showReading, textOf } from "./show.js";

const READ_AFTER = 90; // ms without a change
const READ_WHILE = 280; // ms between readings while the pen moves
const EXPLAIN_AFTER = 250;
const JUDGE_AFTER = 1100; // ms that the pen rests before practice takes a number for finished
const TITLES = { read: "Write a number, and it is read", practise: "Practise writing numbers", form: "Draw the boxes of a form" };

const $ = (id) => document.getElementById(id);
const state = { mode: "read", file: null, fileName: "", given: null, pages: [], chosen: 0, away: false };
const timers = {};
const running = {};

const pad = new Pad($("pad"), { onchange: drawn, onend: stroked });
const practice = new Practice({ wanted: $("wanted"), verdict: $("verdict"), progress: $("progress"), read: backend.read });
const form = new Form({ sheet: $("sheet"), boxes: $("boxes"), panel: $("form"), save: download, marks: (file) => backend.marks(file).catch((error) => void failed(error)), say });

// Drawing

function drawn() {
  const now = performance.now();
  $("sheet").classList.toggle("empty", pad.empty && !state.file);
  if (timers.since === undefined) timers.since = now;
  const wait = now - timers.since > READ_WHILE ? 0 : READ_AFTER;
  later("read", wait, readNow);
  clearTimeout(timers.judge);
}

function stroked() {
  $("undo").disabled = !pad.canUndo;
  $("redo").disabled = !pad.canRedo;
  $("clear").disabled = pad.empty && !state.file;
  if (state.mode === "practise" && !pad.empty) later("judge", JUDGE_AFTER, judge);
}

function later(name, wait, work) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(work, wait);
}

function source() {
  return state.file ?? (pad.empty ? null : pad.picture());
}

// Reading

// Runs the latest of its kind alone; what it gives when it was overtaken or failed is undefined.
async function latest(kind, work) {
  running[kind]?.abort();
  const mine = (running[kind] = new AbortController());
  try {
    const found = await work(mine.signal);
    if (mine.signal.aborted) return undefined;
    if (!state.away) say("");
    return found;
  } catch (error) {
    if (!mine.signal.aborted) failed(error);
    return undefined;
  }
}

async function readNow() {
  timers.since = undefined;
  if (state.mode === "form") return;
  const given = source();
  if (!given) {
    running.read?.abort();
    if (!state.away) say("");
    return show([]);
  }
  const pages = await latest("read", (signal) => backend.read(given, signal));
  if (!pages) return;
  state.given = given;
  show(pages);
}

function failed(error) {
  if (error instanceof backend.Away) return wait();
  if (error instanceof backend.NeedsKey) return askKey();
  say(error.message);
  if (error instanceof backend.Refused) show([]);
}

function say(text) {
  $("notice").hidden = !text;
  if ($("notice").textContent !== text) $("notice").textContent = text;
}

async function wait() {
  if (state.away) return;
  state.away = true;
  say("The server does not answer. What you write stays here and is read when it is back.");
  await backend.back();
  state.away = false;
  say("");
  readNow();
}

function askKey() {
  const dialog = $("key-dialog");
  if (dialog.open) return;
  dialog.showModal();
  dialog.onclose = () => {
    backend.useKey($("key").value);
    $("key").value = "";
    readNow();
    name();
  };
}

// Showing

function show(pages) {
  const before = textOf(state.pages);
  state.pages = pages;
  state.chosen = Math.min(state.chosen, Math.max(0, digitsOf(pages).length - 1));
  showReading({ reading: $("reading"), sure: $("sure"), spoken: state.mode === "read" ? $("spoken") : document.createElement("p") }, pages, { blank: !source() });
  const nothing = digitsOf(pages).length === 0;
  $("copy").disabled = $("save").disabled = nothing;
  $("save").hidden = Boolean(state.file) && $("picture").hidden;
  showChosen();
  const text = textOf(pages);
  if (text && text !== before && state.mode === "read") speak(text);
}

function choose(i) {
  state.chosen = i;
  showChosen();
}

function showChosen() {
  const all = digitsOf(state.pages);
  showDigits($("digits"), state.pages, state.chosen, choose);
  $("pad").classList.toggle("still", Boolean(state.file));
  const boxed = state.mode === "read" ? state.pages[0] : null;
  if (state.mode !== "form") showBoxes($("boxes"), boxed, state.chosen, state.file ? choose : null);
  const chosen = all[state.chosen];
  $("detail").hidden = !chosen;
  if (!chosen) $("inside").hidden = true;
  if (!chosen) return;
  showBars($("bars"), chosen.digit);
  $("inside").setAttribute("aria-busy", "true");
  later("explain", EXPLAIN_AFTER, explain);
}

async function explain() {
  const all = digitsOf(state.pages);
  const [given, chosen] = [state.given, all[state.chosen]]; // what was read, not what has been drawn since
  if (!given || !chosen || state.pages.length > 1) return void ($("inside").hidden = true);
  const box = all.length > 1 ? chosen.digit.box : null;
  const found = await latest("explain", (signal) => backend.explain(given, box, signal));
  if (!found || state.given !== given || !digitsOf(state.pages).length) return; // of a drawing that has gone on since
  $("inside").hidden = false;
  $("inside").setAttribute("aria-busy", "false");
  showExplanation({ seen: $("seen"), heat: $("heat"), caption: $("heat-caption"), maps: $("maps"), layer: $("layer"), sheet: $("sheet-of-maps") }, found);
}

async function judge() {
  if (state.mode !== "practise" || pad.empty) return;
  const pages = await latest("judge", (signal) => backend.read(pad.picture(), signal));
  if (!pages || pad.empty) return;
  await practice.judge(pages, pad).catch(failed);
  speak($("verdict").textContent);
}

// Pictures

function open(file) {
  if (!file || !backend.features.pictures) return;
  if (form.active && /\.json$/i.test(file.name)) return void form.load(file);
  pad.reset();
  state.file = file;
  state.fileName = file.name ?? "picture";
  if (state.mode === "practise") location.hash = "read";
  pad.enabled = false;
  URL.revokeObjectURL($("picture").src);
  $("picture").src = URL.createObjectURL(file);
  $("picture").alt = `The picture ${state.fileName}`;
  $("picture").onload = () => {
    $("picture").hidden = false;
    if (state.mode === "form") form.open({ width: $("picture").naturalWidth, height: $("picture").naturalHeight, name: state.fileName, file });
    showChosen();
  };
  $("picture").onerror = () => {
    $("picture").hidden = true; // a PDF: read all the same
    if (form.active) say("This file cannot be shown. Open the empty form as PNG, JPEG or WebP.");
  };
  $("sheet").classList.remove("empty");
  stroked();
  readNow();
}

function close() {
  state.file = null;
  pad.enabled = true;
  $("picture").hidden = true;
  $("picture").removeAttribute("src");
  form.open(null);
}

function clear() {
  if (state.file) {
    close();
    drawn();
    stroked();
  } else {
    pad.clear();
  }
}

for (const id of ["open", "camera"]) {
  $(id).addEventListener("change", (event) => {
    open(event.target.files[0]);
    event.target.value = "";
  });
}
window.addEventListener("paste", (event) => open([...(event.clipboardData?.files ?? [])][0]));
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  window.addEventListener(kind, (event) => {
    event.preventDefault();
    $("sheet").classList.toggle("over", backend.features.pictures && (kind === "dragenter" || kind === "dragover"));
    if (kind === "drop") open(event.dataTransfer.files[0]);
  });
}

// Results out

async function copy() {
  const text = textOf(state.pages);
  await navigator.clipboard.writeText(text).catch(() => {
    // Without a secure context there is no clipboard but this one.
    const holder = document.createElement("textarea");
    holder.value = text;
    document.body.append(holder);
    holder.select();
    document.execCommand("copy");
    holder.remove();
  });
  $("spoken").textContent = `Copied ${text}`;
  $("copy").lastChild.textContent = "Copied";
  later("copied", 1500, () => ($("copy").lastChild.textContent = "Copy"));
}

function save() {
  const [page] = state.pages;
  const canvas = state.file ? document.createElement("canvas") : pad.picture();
  if (state.file) [canvas.width, canvas.height] = [page.width, page.height];
  const context = canvas.getContext("2d");
  if (state.file) context.drawImage($("picture"), 0, 0, page.width, page.height);
  const size = Math.max(14, Math.round(canvas.width / 36));
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.lineWidth = Math.max(2, size / 8);
  for (const { digit } of digitsOf([page])) {
    context.strokeStyle = context.fillStyle = doubtful(digit) ? "#a84800" : "#17723f";
    const { left, top, width, height } = digit.box;
    context.strokeRect(left, top, width, height);
    context.fillText(`${digit.label}  ${percent(digit.confidence)}`, left, top > 1.6 * size ? top - 0.5 * size : top + 1.2 * size);
  }
  canvas.toBlob((blob) => download(blob, `inkread-${textOf([page]).replace(/\W+/g, "-")}.png`));
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Tools and settings

function take(tool) {
  pad.tool = tool;
  for (const id of ["pen", "eraser"]) $(id).setAttribute("aria-pressed", String(id === tool));
}

function thicken(by) {
  $("thickness").value = Number($("thickness").value) + by;
  pad.thickness = Number($("thickness").value);
}

$("pen").onclick = () => take("pen");
$("eraser").onclick = () => take("eraser");
$("undo").onclick = () => pad.undo();
$("redo").onclick = () => pad.redo();
$("clear").onclick = clear;
$("copy").onclick = copy;
$("save").onclick = save;
$("thickness").oninput = () => thicken(0);

const KEYS = { p: () => take("pen"), e: () => take("eraser"), "[": () => thicken(-4), "]": () => thicken(4), Delete: clear, Backspace: clear, o: () => $("open").click(), c: () => $("copy").click(), s: () => $("save").click() };
window.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (event.target.closest?.("input, select, textarea, dialog")) return;
  if (command && event.key.toLowerCase() === "z") {
    event.preventDefault();
    if (event.shiftKey) pad.redo();
    else pad.undo();
  } else if (command && event.key.toLowerCase() === "y") {
    event.preventDefault();
    pad.redo();
  } else if (!command && !event.altKey && event.target === $("pad") && KEYS[event.key]) {
    // Single letters only where one draws, so that they are in nobody's way elsewhere.
    event.preventDefault();
    KEYS[event.key]();
  }
});

function speak(text) {
  if ($("speak").getAttribute("aria-pressed") !== "true" || !window.speechSynthesis) return;
  speechSynthesis.cancel();
  speechSynthesis.speak(new SpeechSynthesisUtterance(text));
}

$("speak").hidden = !window.speechSynthesis;
$("speak").onclick = () => {
  const on = $("speak").getAttribute("aria-pressed") !== "true";
  $("speak").setAttribute("aria-pressed", String(on));
  if (on) speak(textOf(state.pages) || "Reading aloud");
};

function colours(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const names = { system: "as the system has them", light: "light", dark: "dark" };
  $("theme").setAttribute("aria-label", `Colours: ${names[theme]}`);
  localStorage.setItem("inkread-theme", theme);
  pad.paint();
}
$("theme").onclick = () => {
  const order = ["system", "light", "dark"];
  colours(order[(order.indexOf(localStorage.getItem("inkread-theme") ?? "system") + 1) % 3]);
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => pad.paint());

// Modes

document.querySelector(".skip").onclick = (event) => {
  event.preventDefault(); // the address says what one does here
  (form.active ? $("form").querySelector("input, button") : $("pad")).focus();
};
$("skip").onclick = () => {
  pad.reset();
  practice.next();
  $("pad").focus();
};
$("ask").onchange = (event) => {
  practice.length = Number(event.target.value);
  $("skip").click();
};

function enter() {
  const wished = location.hash.slice(1);
  state.mode = wished in TITLES && (wished !== "form" || backend.features.pictures) ? wished : "read";
  document.body.dataset.mode = state.mode;
  $("title").textContent = TITLES[state.mode];
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.mode === state.mode) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("prompt").hidden = state.mode !== "practise";
  $("progress").hidden = state.mode !== "practise" || practice.tries.length === 0;
  $("verdict").hidden = true;
  $("form").hidden = state.mode !== "form";
  form.active = state.mode === "form";
  $("boxes").replaceChildren();
  close();
  pad.enabled = !form.active;
  pad.reset();
  $("invite").firstElementChild.textContent = form.active ? "Open the empty form" : "Write a number";
  if (form.active) form.show();
}

async function name() {
  $("model").textContent = await backend.modelName().catch((error) => (failed(error), ""));
}

for (const element of document.querySelectorAll("[data-needs]")) {
  element.hidden = !backend.features[element.dataset.needs];
}
$("privacy").textContent = backend.privacy;
new ResizeObserver(() => (form.active ? form.showBoxes() : showChosen())).observe($("sheet"));
window.addEventListener("hashchange", enter);
if (innerWidth < 620) $("thickness").value = 28; // a finger on a small sheet
thicken(0);
colours(localStorage.getItem("inkread-theme") ?? "system");
enter();
name();
