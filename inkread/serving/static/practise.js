// Practice: asks for a digit or a number, says how it was read and where it was looked at, and keeps a sheet.
// Nothing of it leaves this page but the drawing that is read.

import { digitsOf, make, others, percent, textOf } from "./show.js";

const SYMMETRIC = "018"; // look the same, or near enough, in a mirror
const MIRRORED = 0.6; // how sure the mirror image has to be
const HINTS = {
  2: "A 2 begins at the upper left and turns to the right.",
  3: "The two bellies of a 3 look to the right.",
  4: "The open side of a 4 is at the top, its stick at the right.",
  5: "The roof of a 5 points to the right, and so does its belly.",
  6: "The belly of a 6 is at the bottom right.",
  7: "A 7 begins at the left and turns down at the right.",
  9: "The stick of a 9 is at the right.",
};

export class Practice {
  // `read` gives the pages of a canvas.
  constructor({ wanted, verdict, progress, read }) {
    Object.assign(this, { wanted, verdict, progress, read });
    this.tries = []; // { asked, right, picture }
    this.length = 1;
    this.next();
  }

  next() {
    const before = this.asked;
    do this.asked = this.#pick();
    while (this.asked === before);
    this.wanted.textContent = this.asked;
    this.verdict.hidden = true;
    this.done = false;
  }

  // Digits that went wrong, or have not been asked for, come more often.
  #pick() {
    if (this.length > 1) {
      const low = 10 ** (this.length - 1);
      return String(low + Math.floor(Math.random() * 9 * low));
    }
    const weights = [...Array(10).keys()].map((digit) => {
      const tries = this.tries.filter((one) => one.asked === String(digit));
      return tries.length === 0 ? 3 : 1 + 3 * (tries.filter((one) => !one.right).length / tries.length);
    });
    let left = Math.random() * weights.reduce((a, b) => a + b);
    return String(weights.findIndex((weight) => (left -= weight) < 0));
  }

  // Judges a drawing once the pen has rested.
  async judge(pages, pad) {
    const text = textOf(pages);
    const right = text === this.asked;
    const mirrored = !right && (await this.#isMirrored(pages, pad));
    const confidence = pages.reduce((most, page) => Math.max(most, page.confidence), 0);
    this.#say(right, mirrored, text, confidence, pages);
    const picture = thumbnail(pad.picture());
    if (this.done) this.tries.pop(); // the same attempt, drawn further
    this.tries.push({ asked: this.asked, right, mirrored, picture });
    this.done = true;
    this.showProgress();
    return right;
  }

  async #isMirrored(pages, pad) {
    if (this.asked.length > 1 || SYMMETRIC.includes(this.asked)) return false;
    const [mirror] = digitsOf(await this.read(pad.picture({ mirrored: true })));
    if (!mirror) return false;
    const plain = digitsOf(pages)[0]?.digit.probabilities[this.asked] ?? 0;
    return mirror.digit.probabilities[this.asked] > Math.max(MIRRORED, plain);
  }

  #say(right, mirrored, text, confidence, pages) {
    const line = make("p", { class: right ? "yes" : "no" });
    const more = make("small");
    if (right) {
      line.textContent = confidence > 0.9 ? `Yes, that is ${this.asked}.` : `Yes, I read ${this.asked}.`;
      more.textContent = `${percent(confidence)} sure.${confidence > 0.9 ? "" : " A little clearer, and nobody will doubt it."}`;
    } else if (mirrored) {
      line.textContent = `That is ${this.asked} as a mirror shows it.`;
      more.textContent = `${HINTS[this.asked]} Try it once more.`;
    } else {
      line.textContent = text ? `I read ${text}.` : "I see no number yet.";
      const digit = digitsOf(pages)[0]?.digit;
      more.textContent = text ? `It was to be ${this.asked}.${digit && others(digit) ? ` It might also be ${others(digit)}.` : ""} Try it once more.` : "Write a little larger or thicker.";
    }
    this.verdict.replaceChildren(line, more);
    this.verdict.hidden = false;
  }

  showProgress() {
    const asked = [...new Set(this.tries.map((one) => one.asked))].sort((a, b) => a - b);
    const right = this.tries.filter((one) => one.right).length;
    const rows = asked.map((number) => {
      const tries = this.tries.filter((one) => one.asked === number);
      const pictures = tries.map((one) => make("img", { src: one.picture, class: one.right ? "" : "wrong", alt: one.right ? "right" : one.mirrored ? "mirrored" : "not read" }));
      const count = `${tries.filter((one) => one.right).length} of ${tries.length}`;
      return make("tr", {}, make("th", { scope: "row" }, number), make("td", {}, make("div", { class: "tries" }, ...pictures)), make("td", {}, count));
    });
    const print = make("button", { onclick: () => window.print() }, "Print");
    const head = make("div", { class: "row" }, make("h3", {}, `${right} of ${this.tries.length} read, ${new Date().toLocaleDateString()}`), print);
    this.progress.replaceChildren(head, make("table", {}, make("tbody", {}, ...rows)));
    this.progress.hidden = this.tries.length === 0;
  }
}

// The ink of a drawing, cut out, small.
function thumbnail(page) {
  const { data, width, height } = page.getContext("2d").getImageData(0, 0, page.width, page.height);
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x)] > 128) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  const side = Math.max(1, right - left, bottom - top) * 1.2;
  const small = document.createElement("canvas");
  small.width = small.height = 96;
  const context = small.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 96, 96);
  context.drawImage(page, (left + right - side) / 2, (top + bottom - side) / 2, side, side, 0, 0, 96, 96);
  return small.toDataURL();
}
