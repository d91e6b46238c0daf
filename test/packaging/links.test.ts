// Pages for people lead to what is there.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LISTED = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];

t.test('every link from page to page leads to a file that exists, and to a heading that it has', async (t) => {
  const pages = execFileSync('git', LISTED, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  t.ok(pages.includes('README.md'));
  for (const page of pages) {
    for (const [, target = ''] of readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', heading] = target.split('#');
      const file = path === '' ? join(root, page) : join(root, dirname(page), path);
      t.ok(existsSync(file), `${page}: ${target}`);
      if (heading !== undefined && existsSync(file)) t.ok(headings(file).includes(heading), `${page}: ${target}`);
    }
  }
});

/** The names that a page's headings have as targets of links: lower case, hyphens for blanks, no punctuation. */
function headings(file: string): readonly string[] {
  const lines = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...lines].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
