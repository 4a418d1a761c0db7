"use strict";
// The page of `kbridge serve`: asks the server what its models take, sends it pictures, drawings and numbers.

const $ = (id) => document.getElementById(id);
let models = [];
let model = null;
let token = "";

const TABS = ["picture", "draw", "row", "table"];
const MOST_BARS = 10;
const MOST_ROWS = 200;

function shape(sizes) {
  return "(" + sizes.map((n) => (n === null ? "?" : n)).join(", ") + ")";
}

async function ask(path, options = {}) {
  const headers = { ...(options.headers || {}) };
  if (token) headers.Authorization = "Bearer " + token;
  const response = await fetch(path, { ...options, headers });
  const text = await response.text();
  let found;
  try { found = JSON.parse(text); } catch { found = { error: text || response.statusText }; }
  if (!response.ok) {
    const error = new Error(found.error || "The server answered " + response.status);
    error.status = response.status;
    throw error;
  }
  return found;
}

async function start() {
  try {
    models = (await ask("about")).models;
  } catch (error) {
    $("token-form").hidden = error.status !== 401;
    $("status").textContent = error.status === 401 ? "This server needs a token." : "No answer: " + error.message;
    if (error.status === 401) $("token").focus();
    return;
  }
  $("token-form").hidden = true;
  $("status").hidden = true;
  $("model").replaceChildren(...models.map((m) => new Option(m.name, m.name)));
  $("choose-model").hidden = models.length < 2;
  show(models[0]);
}

function show(chosen) {
  model = chosen;
  $("facts").hidden = $("ask").hidden = false;
  $("result").hidden = true;
  $("facts-title").textContent = `${model.name}, version ${model.version}`;
  $("inputs").textContent = "Takes " + model.inputs.map((x) => `${x.name} ${shape(x.shape)} ${x.dtype}`).join(", ");
  $("hint").textContent = model.hint ? "Hint: " + model.hint : "";
  $("hint").hidden = !model.hint;
  $("outputs").textContent = "Gives " + model.outputs.map((x) => `${x.name} ${shape(x.shape)}`).join(", ");
  $("layers-title").textContent = `${model.layers.length} layers, ${model.parameters.toLocaleString("en")} parameters`;
  $("layers").tBodies[0].replaceChildren(...model.layers.map((layer) => {
    const row = document.createElement("tr");
    const cells = [layer.name, layer.class, layer.shape ? JSON.stringify(layer.shape).replace(/null/g, "?") : "", layer.parameters.toLocaleString("en")];
    row.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    return row;
  }));
  const single = model.inputs.length === 1;
  const picture = single && model.inputs[0].picture;
  $("tab-picture").hidden = $("tab-draw").hidden = !picture;
  $("tab-table").hidden = !single;
  $("row").value = "";
  $("row").placeholder = single
    ? (model.inputs[0].shape.length === 1 ? "0.1, 0.2, 0.3" : "[[...], [...]]")
    : JSON.stringify(Object.fromEntries(model.inputs.map((x) => [x.name, []])));
  choose(picture ? "picture" : "row");
}

function choose(kind) {
  for (const name of TABS) {
    const selected = name === kind;
    $("tab-" + name).setAttribute("aria-selected", selected);
    $("tab-" + name).tabIndex = selected ? 0 : -1;
    $("panel-" + name).hidden = !selected;
  }
}

for (const name of TABS) {
  $("tab-" + name).addEventListener("click", () => choose(name));
  $("tab-" + name).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const there = TABS.filter((n) => !$("tab-" + n).hidden);
    const next = there[(there.indexOf(name) + step + there.length) % there.length];
    choose(next);
    $("tab-" + next).focus();
  });
}

// ------------------------------------------------------------------ asking

// command: (url and headers for curl, body) -> the shell command that asks the same
async function predict(instances, command = plainCommand) {
  $("result").hidden = false;
  $("problem").hidden = true;
  const start = performance.now();
  const path = `v1/models/${encodeURIComponent(model.name)}:predict`;
  const body = JSON.stringify({ instances });
  const head = token ? " -H 'Authorization: Bearer '\"$TOKEN\"" : "";
  $("curl").textContent = command(new URL(path, location.href).href + head, body);
  try {
    const found = await ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    $("time").textContent = `${(performance.now() - start).toFixed(0)} ms from here to the answer`;
    draw(found.predictions);
  } catch (error) {
    $("bars").replaceChildren();
    $("time").textContent = "";
    $("problem").textContent = error.message;
    $("problem").hidden = false;
  }
}

function plainCommand(url, body) {
  return `curl ${url} \\\n  -d '${body.length > 2000 ? body.slice(0, 2000) + "..." : body}'`;
}

function pictureCommand(name) {
  const file = "'" + name.replace(/'/g, "'\\''") + "'";
  return (url) => `printf '{"instances": [{"b64": "%s"}]}' "$(base64 -w0 ${file})" |\n  curl ${url} -d @-`;
}

// ------------------------------------------------------------------ showing

function draw(predictions) {
  const parts = predictions.length === 1 ? one(predictions[0]) : [table(predictions)];
  $("bars").replaceChildren(...parts);
}

function one(prediction) {
  if (model.outputs.length > 1) {
    return model.outputs.flatMap((x) => {
      const title = Object.assign(document.createElement("h3"), { textContent: x.name });
      return [title, ...bars([prediction[x.name]].flat(Infinity), x.name)];
    });
  }
  return bars([prediction].flat(Infinity), model.outputs[0].name);
}

function names(count) {
  const labels = model.labels;
  if (labels && labels.length === count) return labels;
  return Array.from({ length: count }, (_, i) => String(i));
}

function bars(values, name) {
  if (values.length === 1 && model.labels && model.labels.length === 2) values = [1 - values[0], values[0]];
  const labels = names(values.length);
  const order = values.map((_, i) => i);
  const probabilities = values.length > 1 && values.every((v) => v >= 0 && v <= 1);
  if (probabilities) order.sort((a, b) => values[b] - values[a]);
  const most = Math.max(...values.map(Math.abs)) || 1;
  const rows = order.slice(0, MOST_BARS).map((i) => {
    const row = document.createElement("div");
    row.className = "bar";
    const text = probabilities ? (values[i] * 100).toFixed(1) + " %" : Number(values[i]).toPrecision(5);
    const room = Object.assign(document.createElement("span"), { className: "room" });
    const length = Object.assign(document.createElement("span"), { className: "length" });
    length.style.width = (100 * Math.abs(values[i])) / (probabilities ? 1 : most) + "%";
    room.append(length);
    row.append(Object.assign(document.createElement("span"), { textContent: values.length === 1 ? name : labels[i] }), room,
      Object.assign(document.createElement("span"), { className: "value", textContent: text }));
    return row;
  });
  if (values.length > MOST_BARS) {
    rows.push(Object.assign(document.createElement("p"), { textContent: `and ${values.length - MOST_BARS} more` }));
  }
  return rows;
}

function table(predictions) {
  const found = document.createElement("table");
  for (const [i, prediction] of predictions.slice(0, MOST_ROWS).entries()) {
    const values = (model.outputs.length > 1 ? Object.values(prediction) : [prediction]).flat(Infinity);
    const best = names(values.length)[values.indexOf(Math.max(...values))];
    const row = found.insertRow();
    row.insertCell().textContent = i + 1;
    row.insertCell().textContent = values.length > 1 ? best : "";
    row.insertCell().textContent = values.slice(0, MOST_BARS).map((v) => Number(v).toPrecision(4)).join("  ");
  }
  const room = Object.assign(document.createElement("div"), { className: "scroll" });
  room.append(found);
  return room;
}

// ------------------------------------------------------------------ pictures

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

async function predictPicture(blob, name) {
  $("preview").src = URL.createObjectURL(blob);
  $("preview").hidden = false;
  await predict([{ b64: await base64(blob) }], pictureCommand(name));
}

$("file").addEventListener("change", () => { if ($("file").files[0]) predictPicture($("file").files[0], $("file").files[0].name); });
for (const kind of ["dragover", "dragleave", "drop"]) {
  $("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) predictPicture(event.dataTransfer.files[0], event.dataTransfer.files[0].name);
  });
}
document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find((f) => f.type.startsWith("image/"));
  if (file && !$("tab-picture").hidden) { choose("picture"); predictPicture(file, "picture.png"); }
});

// ------------------------------------------------------------------ drawing

const pen = $("canvas").getContext("2d");
function clear() {
  const light = $("dark-on-light").checked;
  pen.fillStyle = light ? "#fff" : "#000";
  pen.fillRect(0, 0, 280, 280);
  pen.strokeStyle = light ? "#000" : "#fff";
  pen.lineWidth = 24;
  pen.lineCap = pen.lineJoin = "round";
}
function place(event) {
  const box = $("canvas").getBoundingClientRect();
  return [((event.clientX - box.left) * 280) / box.width, ((event.clientY - box.top) * 280) / box.height];
}
let drawing = false;
$("canvas").addEventListener("pointerdown", (event) => {
  drawing = true;
  $("canvas").setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...place(event));
  pen.lineTo(...place(event));
  pen.stroke();
});
$("canvas").addEventListener("pointermove", (event) => { if (drawing) { pen.lineTo(...place(event)); pen.stroke(); } });
for (const kind of ["pointerup", "pointercancel"]) $("canvas").addEventListener(kind, () => { drawing = false; });
$("clear").addEventListener("click", clear);
$("dark-on-light").addEventListener("change", clear);
$("predict-drawing").addEventListener("click", () => $("canvas").toBlob(async (blob) => predict([{ b64: await base64(blob) }], pictureCommand("drawing.png"))));
clear();

// ------------------------------------------------------------------ numbers and tables

function sample(text) {
  text = text.trim();
  if (text.startsWith("[") || text.startsWith("{")) return JSON.parse(text);
  const values = text.split(/[\s,;]+/).filter(Boolean).map(Number);
  if (!values.length || values.some(Number.isNaN)) throw new Error("Numbers are expected, with commas or blanks between them, or JSON.");
  return shaped(values);
}

// a flat row in the shape of the only input
function shaped(values) {
  const sizes = model.inputs.length === 1 ? model.inputs[0].shape : [];
  if (sizes.length < 2 || sizes.includes(null) || sizes.reduce((a, b) => a * b, 1) !== values.length) {
    return sizes.length === 0 ? values[0] : values;
  }
  let parts = values;
  for (const size of sizes.slice(1).reverse()) {
    parts = Array.from({ length: parts.length / size }, (_, i) => parts.slice(i * size, (i + 1) * size));
  }
  return parts;
}

function complain(error) {
  $("result").hidden = false;
  $("bars").replaceChildren();
  $("time").textContent = "";
  $("problem").textContent = error.message;
  $("problem").hidden = false;
}

$("predict-row").addEventListener("click", () => {
  try { predict([sample($("row").value)]); } catch (error) { complain(error); }
});
$("row").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("predict-row").click(); });

$("csv").addEventListener("change", async () => {
  const file = $("csv").files[0];
  if (!file) return;
  const lines = (await file.text()).split(/\r?\n/).filter((line) => line.trim());
  const cells = lines.map((line) => line.split(/[,;\t]/).map((cell) => cell.trim()));
  // a first line without a number has the names of the columns
  if (cells.length && cells[0].every((cell) => cell === "" || Number.isNaN(Number(cell)))) cells.shift();
  try {
    const rows = cells.slice(0, MOST_ROWS).map((row, i) => {
      const values = row.map(Number);
      if (values.some(Number.isNaN)) throw new Error(`Line ${i + 1}: ${row[values.findIndex(Number.isNaN)]} isn't a number.`);
      return shaped(values);
    });
    if (!rows.length) throw new Error("There is no line with numbers.");
    await predict(rows);
    if (cells.length > MOST_ROWS) $("time").textContent += `; the first ${MOST_ROWS} of ${cells.length} lines`;
  } catch (error) { complain(error); }
});

$("model").addEventListener("change", () => show(models.find((m) => m.name === $("model").value)));
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value;
  start();
});
start();
