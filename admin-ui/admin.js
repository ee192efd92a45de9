/*
 * The panel works without this; it only adds: the switch of light and dark without a reload,
 * dialogs before what can't be undone, what closes by itself.
 */
(() => {
	"use strict";

	const secure = location.protocol === "https:";

	/* As look.c sets it; a year. */
	const remember = (name, value) => {
		const age = value ? "; Max-Age=31536000" : "; Max-Age=0";

		document.cookie =
			(secure ? "__Host-" : "") + name + "=" + value +
			"; Path=/; SameSite=Strict" + age + (secure ? "; Secure" : "");
	};

	for (const group of document.querySelectorAll(".themes")) {
		group.addEventListener("click", (event) => {
			const button = event.target.closest("button");

			if (!button)
				return;
			event.preventDefault();
			const auto = button.value === "auto";

			remember("theme", auto ? "" : button.value);
			if (auto)
				delete document.documentElement.dataset.theme;
			else
				document.documentElement.dataset.theme = button.value;
			for (const other of document.querySelectorAll(".themes button"))
				if (other.value === button.value)
					other.setAttribute("aria-pressed", "true");
				else
					other.removeAttribute("aria-pressed");
		});
	}

	/* Escape and a click beside a dialog close it; people look for a button. */
	const cancelAdd = (dialog) => {
		const buttons = [...dialog.querySelectorAll(".buttons")].pop();
		const cancel = document.createElement("button");

		cancel.type = "button";
		cancel.className = "button";
		cancel.textContent = document.body.dataset.cancel;
		cancel.dataset.close = "";
		buttons?.prepend(cancel);
	};

	/*
	 * <details class="confirm"><summary class="button">…</summary> what will happen, and a
	 * form </details> unfolds in place; here it becomes a dialog.
	 */
	for (const details of document.querySelectorAll("details.confirm")) {
		const summary = details.querySelector("summary");
		const dialog = document.createElement("dialog");

		dialog.append(...[...details.childNodes].filter((n) => n !== summary));
		details.after(dialog);
		cancelAdd(dialog);
		summary.addEventListener("click", (event) => {
			event.preventDefault();
			dialog.showModal();
		});
		/* It came back with something to mend in it. */
		if (details.open) {
			details.open = false;
			dialog.showModal();
		}
		dialog.addEventListener("click", (event) => {
			if (event.target === dialog || event.target.closest("[data-close]"))
				dialog.close();
		});
	}

	/* The sheet under "more" closes when one looks elsewhere. */
	document.addEventListener("click", (event) => {
		const more = document.querySelector("details.more[open]");

		if (more && !more.contains(event.target))
			more.open = false;
	});
	document.addEventListener("keydown", (event) => {
		const more = document.querySelector("details.more[open]");

		if (event.key === "Escape" && more)
			more.open = false;
	});

	/* What the buyer will read, as it is typed; another language's empty text is the first's. */
	for (const shown of document.querySelectorAll("[data-live]")) {
		const name = shown.dataset.live;
		const own = document.querySelector(`[name="${name}"]`);
		const first = document.querySelector(`[name="${name.replace(/_..$/, "_uk")}"]`);
		const show = () => {
			shown.textContent = own.value || first.value;
		};

		own?.addEventListener("input", show);
		first?.addEventListener("input", show);
	}

	/* A choice among filters is applied at once. */
	for (const select of document.querySelectorAll(".filters select"))
		select.addEventListener("change", () => select.form.requestSubmit());

	/* Twice pressed is once sent. */
	document.addEventListener("submit", (event) => {
		if (event.target.method !== "post" || event.defaultPrevented)
			return;
		if (event.target.dataset.sent)
			event.preventDefault();
		event.target.dataset.sent = "1";
	});
	addEventListener("pageshow", () => {
		for (const form of document.forms)
			delete form.dataset.sent;
	});
})();
