// Who reads: this browser itself, with the model and the way to 28 x 28 pixels as ONNX files beside this page.
// The names are those of the file that asks a server.

import * as ort from "./ort/ort.wasm.min.mjs";
import { draw, sized } from "./pad.js";

export const features = { pictures: false, server: false, numbers: true };
export const privacy = "What you write is read in this browser and goes nowhere.";

export class Away extends Error {}
export class NeedsKey extends Error {}
export class Refused extends Error {}
export function useKey() {}
export async function marks() {
  return { corners: null };
}

const SIDE = 256; // of the drawing that the graph takes
const INK = 190; // of them for the longer side of a digit: room for the smoothing all around
const SMALLEST = 6; // units of the sheet: what is less in both directions is a speck

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("ort/", import.meta.url).href;

const opened = (async () => {
  const card = await (await load("model.json")).json();
  const [ink, model] = await Promise.all(["ink.onnx", "model.onnx"].map((file) => ort.InferenceSession.create(new URL(file, import.meta.url).href)));
  return { card, ink, model };
})();
opened.catch(() => {}); // told of where it is waited for

async function load(path) {
  const answer = await fetch(path).catch(() => null);
  if (!answer?.ok) throw new Refused(`Expected the file ${path} beside this page, but it cannot be had.`);
  return answer;
}

async function files() {
  try {
    return await opened;
  } catch (error) {
    throw new Refused(`The model cannot be opened here: ${error.message}`);
  }
}

export async function modelName() {
  const { card } = await files();
  return `Model ${card.name} ${card.version}, ${card.parameters.toLocaleString("en")} parameters.`;
}

export function back() {
  return Promise.resolve();
}

// Sessions answer one question at a time.
let queue = Promise.resolve();
function inTurn(work, signal) {
  const mine = queue.then(() => {
    signal?.throwIfAborted();
    return work();
  });
  queue = mine.catch(() => {});
  return mine;
}

export function read(page, signal) {
  return inTurn(async () => {
    const { card } = await files();
    const lines = [];
    for (const row of rows(groups(page.strokes))) {
      const digits = [];
      for (const group of row) {
        const digit = await readGroup(page, group);
        if (digit) digits.push(digit);
      }
      if (digits.length) lines.push(lineOf(digits));
    }
    const text = lines.map((line) => line.text).join("\n");
    const confidence = lines.length ? product(lines) : 0;
    const model = `${card.name} ${card.version}`;
    return [{ schema: 1, source: "", number: 1, width: page.width, height: page.height, text, confidence, lines, fields: [], error: null, model }];
  }, signal);
}

function product(parts) {
  return parts.reduce((sum, part) => sum * part.confidence, 1);
}

function lineOf(digits) {
  const text = digits.map((digit) => digit.label).join("");
  return { text, confidence: product(digits), answered: true, box: around(digits.map((digit) => digit.box)), groups: [text], transcript: text, alternatives: [{ text, probability: product(digits) }], digits };
}

async function readGroup(page, group) {
  const seen = await normalized(page, group);
  if (!seen) return null;
  const [{ probabilities, known }] = await judge(seen);
  if (!known) return null;
  const value = probabilities.indexOf(Math.max(...probabilities));
  const { card } = await files();
  return { value, label: card.labels[value], confidence: probabilities[value], probabilities, box: group.box };
}

// From strokes to digits: strokes that lie over each other belong together.

function boxOf(stroke) {
  const xs = stroke.points.map(([x]) => x);
  const ys = stroke.points.map(([, y]) => y);
  const reach = stroke.thickness / 2;
  const [left, top] = [Math.min(...xs) - reach, Math.min(...ys) - reach];
  return { left, top, width: Math.max(...xs) + reach - left, height: Math.max(...ys) + reach - top };
}

function around(boxes) {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  return { left, top, width: right - left, height: bottom - top };
}

function common(from, length, other, otherLength) {
  return Math.min(from + length, other + otherLength) - Math.max(from, other);
}

function belong(a, b) {
  const across = common(a.left, a.width, b.left, b.width);
  const down = common(a.top, a.height, b.top, b.height);
  const near = 0.12 * Math.max(a.height, b.height);
  return across > 0.3 * Math.min(a.width, b.width) && down > -near;
}

export function groups(strokes) {
  const found = [];
  for (const stroke of strokes) {
    if (stroke.tool === "eraser") continue;
    let group = { strokes: [stroke], box: boxOf(stroke) };
    for (let i = found.length - 1; i >= 0; i--) {
      if (!belong(found[i].box, group.box)) continue;
      const [other] = found.splice(i, 1);
      group = { strokes: [...other.strokes, ...group.strokes], box: around([other.box, group.box]) };
    }
    found.push(group);
  }
  return found.filter(({ box }) => Math.max(box.width, box.height) > SMALLEST);
}

// Lines from top to bottom, in each the digits from left to right.
export function rows(found) {
  const lines = [];
  for (const group of [...found].sort((a, b) => a.box.top - b.box.top)) {
    const line = lines.find((one) => common(one.box.top, one.box.height, group.box.top, group.box.height) > 0.4 * Math.min(one.box.height, group.box.height));
    if (line) {
      line.digits.push(group);
      line.box = around([line.box, group.box]);
    } else {
      lines.push({ box: group.box, digits: [group] });
    }
  }
  return lines.map((line) => line.digits.sort((a, b) => a.box.left - b.box.left));
}

// One digit as the graph takes it: in the middle of a sheet of its own, as large as fits.
export function drawing(page, { strokes, box }) {
  const canvas = sized(SIDE, SIDE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const scale = INK / Math.max(box.width, box.height);
  context.setTransform(scale, 0, 0, scale, SIDE / 2 - scale * (box.left + box.width / 2), SIDE / 2 - scale * (box.top + box.height / 2));
  const rubbed = page.strokes.filter((stroke) => stroke.tool === "eraser" || strokes.includes(stroke));
  draw(context, rubbed, "#000");
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 255 - data[4 * i + 3]);
}

async function normalized(page, group) {
  const { ink } = await files();
  const pixels = drawing(page, group);
  const { digit } = await ink.run({ drawing: new ort.Tensor("uint8", pixels, [SIDE, SIDE]) });
  return digit.data.some((level) => level > 0) ? digit.data : null;
}

// Pictures (N x 784 bytes) to calibrated probabilities, as inkread.reading.confidence makes them of the scores.
async function judge(pictures) {
  const { card, model } = await files();
  const [input, output] = [model.inputNames[0], card.output];
  const count = pictures.length / 784;
  const scores = (await model.run({ [input]: new ort.Tensor("uint8", pictures, [count, 28, 28]) }, [output]))[output];
  const wide = scores.dims[1];
  return Array.from({ length: count }, (_, i) => {
    const row = [...scores.data.slice(i * wide, i * wide + card.labels.length)];
    const most = Math.max(...row);
    const probabilities = softmax(row.map((score) => score / card.temperature));
    const all = row.reduce((sum, score) => sum + Math.exp(score - most), 0);
    const none = card.rejection === null ? -Infinity : scores.data[(i + 1) * wide - 1] - most - Math.log(all);
    return { probabilities, known: card.rejection === null || none <= card.rejection };
  });
}

function softmax(scores) {
  const most = Math.max(...scores);
  const raised = scores.map((score) => Math.exp(score - most));
  const sum = raised.reduce((a, b) => a + b);
  return raised.map((one) => one / sum);
}

// What the network saw and what decided, by occlusion: see inkread.reading.explain.

const PATCH = 5;
const LEAST = 1e-45;

export function explain(page, box, signal) {
  return inTurn(async () => {
    const { card, model } = await files();
    const all = groups(page.strokes);
    const group = box ? all.find((one) => one.box.left === box.left && one.box.top === box.top) : all[0];
    const seen = group && (await normalized(page, group));
    if (!seen) throw new Refused("Expected a digit to look into, got none.");
    const [{ probabilities, known }] = await judge(seen);
    const index = probabilities.indexOf(Math.max(...probabilities));
    const heat = await occluded(seen, index, probabilities);
    const found = await model.run({ [model.inputNames[0]]: new ort.Tensor("uint8", seen, [1, 28, 28]) }, card.maps);
    const maps = card.maps.map((name, i) => mapsOf(`convolution ${i + 1}`, found[name]));
    const label = card.labels[index];
    return { schema: 1, read_as: label, confidence: probabilities[index], known, labels: card.labels, probabilities, seen: table(seen), label, method: "occlusion", heat: table(heat), maps };
  }, signal);
}

function table(flat) {
  return Array.from({ length: 28 }, (_, y) => [...flat.slice(28 * y, 28 * y + 28)]);
}

function logOdds(probabilities, index) {
  const others = probabilities.reduce((sum, p, i) => (i === index ? sum : sum + p), 0);
  return Math.log(Math.max(probabilities[index], LEAST)) - Math.log(Math.max(others, LEAST));
}

async function occluded(seen, index, probabilities) {
  const starts = Array.from({ length: 27 + PATCH }, (_, i) => i + 1 - PATCH);
  const before = logOdds(probabilities, index);
  const [sum, times] = [new Float64Array(784), new Float64Array(784)];
  const covers = (top, left, visit) => {
    for (let y = Math.max(0, top); y < Math.min(28, top + PATCH); y++) {
      for (let x = Math.max(0, left); x < Math.min(28, left + PATCH); x++) visit(28 * y + x);
    }
  };
  for (const top of starts) {
    const pictures = new Uint8Array(784 * starts.length);
    starts.forEach((left, i) => {
      pictures.set(seen, 784 * i);
      covers(top, left, (place) => (pictures[784 * i + place] = 0));
    });
    const judged = await judge(pictures);
    judged.forEach((one, i) => {
      const drop = before - logOdds(one.probabilities, index);
      covers(top, starts[i], (place) => {
        sum[place] += drop;
        times[place] += 1;
      });
    });
  }
  return sum.map((drop, place) => drop / times[place]);
}

function mapsOf(name, tensor) {
  const [, channels, height, width] = tensor.dims;
  const values = [...tensor.data];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const levels = values.map((value) => String.fromCharCode(Math.round(((value - low) * 255) / Math.max(high - low, 1e-12))));
  return { name, channels, height, width, low, high, data: btoa(levels.join("")) };
}
