import fc from 'fast-check';
import t from 'tap';
import { html } from '../../../src/http/status/html.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('<', '>', '"', "'", '&', '&amp;', '</p>', '<script>', '" onclick="', '-->', 'x'))
    .map((parts) => parts.join('')),
);

t.test('no text escapes its place, and it reads as what it was', async (t) => {
  fc.assert(
    fc.property(hostile, hostile, (attribute, text) => {
      const page = html`<p title="${attribute}">${text}</p>`.toString();
      const [, first, second] = /^<p title="([^<>"']*)">([^<>"']*)<\/p>$/.exec(page) ?? [];
      return unescaped(first) === attribute && unescaped(second) === text;
    }),
  );
  t.pass();
});

t.test('nested markup stays markup, nothing shows as nothing, and lists follow each other', async (t) => {
  const items = ['a<', 'b'].map((item) => html`<li>${item}</li>`);
  t.equal(html`<ul>${items}</ul>${undefined}${false}${0}`.toString(), '<ul><li>a&lt;</li><li>b</li></ul>0');
});

function unescaped(text: string | undefined): string | undefined {
  return text
    ?.replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
