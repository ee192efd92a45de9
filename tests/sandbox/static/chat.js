/* chat.js: the sandbox's chat page.  The panes are modules of their own; this starts them. */
import { connectionWatch } from "./api.js";
import { buyerRead, buyersAsk, buyersStart } from "./buyers.js";
import { byId, recall, remember } from "./dom.js";
import { happensBuyers, happensStart } from "./happens.js";
import { switchesStart } from "./switches.js";
import { botAskAgain, talkStart } from "./talk.js";
import { wordsFill, wordsSwitch } from "./words.js";

function themeStart() {
	const root = document.documentElement;
	const system = matchMedia("(prefers-color-scheme: dark)");
	const dark = () =>
		root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
	const show = () =>
		byId("theme")
			.querySelector("use")
			.setAttribute("href", dark() ? "#i-sun" : "#i-moon");
	byId("theme").addEventListener("click", () => {
		root.dataset.theme = dark() ? "light" : "dark";
		remember("theme", root.dataset.theme);
		show();
	});
	system.addEventListener("change", show);
	show();
}

/* On a phone one of the two panes is shown. */
function viewStart() {
	const buttons = document.querySelectorAll(".views button");
	const set = (view) => {
		document.body.dataset.view = view;
		for (const button of buttons)
			button.setAttribute("aria-pressed", String(button.value === view));
	};
	for (const button of buttons) button.addEventListener("click", () => set(button.value));
	set("chat");
}

/* Open menus close by a click elsewhere and by Escape. */
function dropsStart() {
	const drops = document.querySelectorAll("details.drop");
	document.addEventListener("click", (event) => {
		for (const drop of drops) if (!drop.contains(event.target)) drop.open = false;
	});
	for (const drop of drops) {
		drop.addEventListener(
			"toggle",
			() => drop.open && drop.querySelector("input")?.select(),
		);
		drop.addEventListener("keydown", (event) => {
			if (event.key !== "Escape" || !drop.open) return;
			drop.open = false;
			drop.querySelector("summary").focus();
		});
	}
	const switches = byId("switches");
	switches.open =
		recall("switches") !== "closed" && matchMedia("(min-width: 900px)").matches;
	switches.querySelector("summary").addEventListener("click", () =>
		remember("switches", switches.open ? "closed" : "open"),
	);
}

wordsFill();
wordsSwitch();
themeStart();
viewStart();
dropsStart();
talkStart({ read: buyerRead });
buyersStart({ changed: happensBuyers });
switchesStart();
happensStart();
buyersAsk();
connectionWatch((up) => {
	byId("offline").hidden = up;
	if (!up) return;
	buyersAsk();
	botAskAgain();
});
