// What the network saw: its 28 x 28 pixels, the heat of what decided, and its feature maps.

const GAP = 1;

function paint(canvas, width, height, colour) {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image.data.set([...colour(x, y), 255], 4 * (y * width + x));
  }
  context.putImageData(image, 0, 0);
}

export function showSeen(canvas, seen) {
  paint(canvas, 28, 28, (x, y) => [seen[y][x], seen[y][x], seen[y][x]]);
}

// The ink in gray, with orange over what spoke for the digit and blue over what spoke against it.
export function showHeat(canvas, seen, heat) {
  const most = Math.max(1e-6, ...heat.flat().map(Math.abs));
  const [towards, against] = [[255, 140, 30], [60, 130, 255]];
  paint(canvas, 28, 28, (x, y) => {
    const strength = Math.min(1, Math.abs(heat[y][x]) / most) ** 0.7;
    const colour = heat[y][x] > 0 ? towards : against;
    const gray = 0.55 * seen[y][x] + 6;
    return colour.map((c) => gray * (1 - 0.85 * strength) + c * 0.85 * strength);
  });
}

export function showMaps(canvas, maps) {
  const bytes = Uint8Array.from(atob(maps.data), (letter) => letter.charCodeAt(0));
  const { channels, width, height } = maps;
  let across = Math.ceil(Math.sqrt(channels));
  while (channels % across) across += 1; // a sheet without a gap
  const down = Math.ceil(channels / across);
  paint(canvas, across * (width + GAP) - GAP, down * (height + GAP) - GAP, (x, y) => {
    const [column, row] = [Math.floor(x / (width + GAP)), Math.floor(y / (height + GAP))];
    const [inX, inY, channel] = [x % (width + GAP), y % (height + GAP), row * across + column];
    if (inX >= width || inY >= height || channel >= channels) return [24, 28, 38];
    return tint(bytes[channel * width * height + inY * width + inX] / 255);
  });
}

// From night through violet and orange to a pale yellow: rises in lightness all the way, also for the colour-blind.
const STOPS = [[8, 8, 28], [84, 20, 110], [190, 55, 80], [245, 135, 35], [252, 250, 180]];

function tint(value) {
  const place = value * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(place));
  return STOPS[i].map((from, k) => from + (STOPS[i + 1][k] - from) * (place - i));
}

export function showExplanation(view, found) {
  showSeen(view.seen, found.seen);
  showHeat(view.heat, found.seen, found.heat);
  view.caption.innerHTML = 'What spoke <b class="for">for</b> and <b class="against">against</b> ';
  view.caption.append(`“${found.label}”`);
  view.maps.hidden = found.maps.length === 0;
  if (!found.maps.length) return;
  const kept = Math.min(Math.max(0, view.layer.selectedIndex), found.maps.length - 1);
  const options = found.maps.map((maps, i) => {
    const option = document.createElement("option");
    option.textContent = `${i + 1}: ${maps.channels} maps of ${maps.width} × ${maps.height}`;
    return option;
  });
  view.layer.replaceChildren(...options);
  view.layer.selectedIndex = kept;
  const show = () => showMaps(view.sheet, found.maps[view.layer.selectedIndex]);
  view.layer.onchange = show;
  show();
}
