/* dom.js: making elements.  Text from outside only ever becomes text nodes. */

const SVG = "http://www.w3.org/2000/svg";

/* el("a", { class: "link", href: "…", onclick: f }, "text", child…); null children are left out. */
export function el(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false) continue;
		if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
		else node.setAttribute(name, value === true ? "" : value);
	}
	node.append(
		...children
			.flat()
			.filter(
				(child) =>
					child !== null &&
					child !== undefined &&
					child !== false,
			),
	);
	return node;
}

/* One of the symbols at the end of the page. */
export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const use = document.createElementNS(SVG, "use");
	use.setAttribute("href", `#i-${name}`);
	svg.append(use);
	return svg;
}

export const byId = (id) => document.getElementById(id);

/* Make PARENT's children exactly NODES, moving as little as possible: what stays keeps its focus. */
export function childrenSet(parent, nodes) {
	const wanted = new Set(nodes);
	for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
	nodes.forEach((node, at) => {
		if (parent.childNodes[at] !== node)
			parent.insertBefore(node, parent.childNodes[at] ?? null);
	});
}

/* A place to keep small things between visits; without storage they last as long as the page. */
const kept = new Map();
export function recall(key) {
	try {
		return localStorage.getItem(key) ?? kept.get(key) ?? null;
	} catch {
		return kept.get(key) ?? null;
	}
}
export function remember(key, value) {
	kept.set(key, String(value));
	try {
		localStorage.setItem(key, value);
	} catch {
		/* only until the page is closed, then */
	}
}

/* The clipboard, also where the page is not https or loopback. */
export async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = el("textarea", { class: "out-of-sight", readonly: true });
		area.value = text;
		const focused = document.activeElement;
		(document.querySelector("dialog[open]") ?? document.body).append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		focused?.focus();
		return done;
	}
}

/* Times as the shop writes them: Kyiv's, whatever the browser's zone. */
const clocks = {};
export function clock(seconds, parts) {
	const key = JSON.stringify(parts);
	clocks[key] ??= new Intl.DateTimeFormat(document.documentElement.lang, {
		timeZone: "Europe/Kyiv",
		hour12: false,
		...parts,
	});
	return clocks[key].format(new Date(seconds * 1000));
}
export const hourMinute = (seconds) => clock(seconds, { hour: "2-digit", minute: "2-digit" });
