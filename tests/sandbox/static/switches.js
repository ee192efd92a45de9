/* switches.js: what goes wrong on purpose (the faults of ../API.md), as far as a person needs it. */
import { get, post } from "./api.js";
import { byId, el } from "./dom.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const ASK_MS = 5000; /* a test may have changed them */

/* Each switch: the fault, what on and off are, and how to tell. */
const SWITCHES = [
	{ name: "lose_notification", on: true, off: false },
	{ name: "telegram_down", on: true, off: false },
	{ name: "portmone_down", on: true, off: false },
	{ name: "duplicate_taps", on: 2, off: 0 },
	{ name: "test_mode", on: true, off: false },
];
const isOn = (row, faults) =>
	row.on === true ? Boolean(faults[row.name]) : Number(faults[row.name] ?? 0) >= row.on;

function show(faults) {
	let on = 0;
	for (const row of SWITCHES) {
		row.node.checked = isOn(row, faults);
		if (row.node.checked) on++;
	}
	const format = faults.notification_format || "json";
	for (const radio of byId("switch-grid").querySelectorAll(
		'[name="notification_format"]',
	))
		radio.checked = radio.value === format;
	byId("switches-on").hidden = on === 0;
	byId("switches-on").textContent = String(on);
	byId("switches-on").title = t("switches_on", on);
	byId("switches-reset").hidden = on === 0;
}

async function set(faults) {
	try {
		show(await post("/api/faults", faults));
	} catch (error) {
		toast(t("failed", error.message));
		ask();
	}
}

async function ask() {
	const faults = await get("/api/faults").catch(() => null);
	if (faults) show(faults);
}

function switchNode(row) {
	row.node = el("input", {
		type: "checkbox",
		role: "switch",
		id: `switch-${row.name}`,
		"data-testid": `switch-${row.name}`,
		"aria-describedby": `switch-${row.name}-hint`,
		onchange: () => set({ [row.name]: row.node.checked ? row.on : row.off }),
	});
	return el(
		"label",
		{ class: "switch" },
		row.node,
		el("span", { class: "track", "aria-hidden": "true" }),
		el(
			"span",
			{},
			t(row.name),
			el("small", { id: `switch-${row.name}-hint` }, t(`${row.name}_hint`)),
		),
	);
}

const formatNode = () =>
	el(
		"fieldset",
		{ class: "formats" },
		el("legend", {}, t("notification_format")),
		["json", "xml"].map((format) =>
			el(
				"label",
				{},
				el("input", {
					type: "radio",
					name: "notification_format",
					value: format,
					"data-testid": `switch-notification_format-${format}`,
					onchange: () => set({ notification_format: format }),
				}),
				el("span", {}, format.toUpperCase()),
			),
		),
	);

export function switchesStart() {
	byId("switch-grid").append(...SWITCHES.map(switchNode), formatNode());
	byId("switches-reset").addEventListener("click", (event) => {
		event.preventDefault();
		set(Object.fromEntries(SWITCHES.map((row) => [row.name, row.off])));
	});
	ask();
	setInterval(() => document.hidden || ask(), ASK_MS);
}
