// Live update: a stream says that the page has changed, and then the changed part is fetched anew.
// Without JavaScript the pages show the state at the time when they were loaded.
"use strict";

(() => {
  const live = document.getElementById("live");
  const status = document.getElementById("live-status");
  if (!live || !live.dataset.stream || !window.EventSource) return;

  // say announces a state once, not again with each change.
  const state = document.createElement("span");
  const when = document.createElement("span");
  const say = (text) => {
    if (state.textContent !== text) state.textContent = text;
  };
  status.replaceChildren(state);
  when.setAttribute("aria-hidden", "true");
  status.after(when);

  let source = null;
  let fetching = false;
  let again = false;
  let retry = 0;
  const retryPause = 2000; // ms

  // describe returns what finds an element again after the update.
  const describe = (element) => {
    if (!element || !live.contains(element)) return null;
    const all = [...live.querySelectorAll("a[href], button, input, summary, [tabindex]")];
    return { index: all.indexOf(element), href: element.getAttribute("href") };
  };
  const focusAgain = (at) => {
    if (!at) return;
    const all = [...live.querySelectorAll("a[href], button, input, summary, [tabindex]")];
    const found = (at.href && all.find((e) => e.getAttribute("href") === at.href)) || all[at.index];
    if (found) found.focus({ preventScroll: true });
  };

  const update = async () => {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      if (fresh && fresh.innerHTML !== live.innerHTML) {
        const focused = describe(document.activeElement);
        const open = [...live.querySelectorAll("details")].map((d) => d.open);
        live.replaceChildren(...document.adoptNode(fresh).childNodes);
        live.querySelectorAll("details").forEach((d, k) => { d.open = Boolean(open[k]); });
        focusAgain(focused);
      }
      say("This page updates itself.");
      when.textContent = "Last change at " + new Date().toISOString().slice(11, 19);
    } catch (failure) {
      say("The update failed: " + failure.message + ". Trying again.");
      clearTimeout(retry);
      retry = setTimeout(update, retryPause);
    } finally {
      fetching = false;
      if (again) {
        again = false;
        update();
      }
    }
  };

  const open = () => {
    if (source) return;
    source = new EventSource(live.dataset.stream);
    source.addEventListener("changed", update);
    source.onerror = () => {
      if (source && source.readyState === EventSource.CLOSED) {
        say("This page no longer updates itself. Reload it.");
      } else {
        say("The connection is lost. Trying again.");
      }
    };
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };

  // A hidden page needs no stream, and a browser opens only a few connections to a server.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  open();
})();
