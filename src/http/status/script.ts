/** Brings the page's live parts up to date every few seconds. The page is whole without it. */
export const SCRIPT = `const EVERY_MS = 3000;
const fresh = document.getElementById('fresh');
const pause = document.getElementById('pause');
let timer;
let paused = false;

async function refresh() {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  try {
    const answer = await fetch('/', { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(String(answer.status));
    renew(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  } catch {
    if (!document.body.classList.contains('lost')) fresh.textContent = 'Not answering. ' + fresh.textContent;
    document.body.classList.add('lost');
  }
  timer = setTimeout(refresh, EVERY_MS);
}

function renew(page) {
  document.body.classList.remove('lost');
  for (const old of document.querySelectorAll('[data-live]')) {
    const next = page.getElementById(old.id);
    // What has the focus stays until that has moved on; what is equal is not read aloud again.
    if (!next || old.innerHTML === next.innerHTML || old.contains(document.activeElement)) continue;
    old.replaceChildren(...next.childNodes);
  }
  fresh.textContent = page.getElementById('fresh').textContent;
}

pause.hidden = false;
pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  refresh();
});
document.addEventListener('visibilitychange', refresh);
timer = setTimeout(refresh, EVERY_MS);
`;
