/** Markup that is safe to send: made by `html` alone, from literals of this code and escaped values. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  /** Only for `html`. */
  static of(literals: TemplateStringsArray, values: readonly Value[]): Html {
    return new Html(literals.reduce((markup, literal, index) => `${markup}${Html.#text(values[index - 1])}${literal}`));
  }

  static #text(value: Value): string {
    if (value instanceof Html) return value.#markup;
    if (Array.isArray(value)) return value.map((item) => Html.#text(item)).join('');
    return value === undefined || value === false ? '' : escaped(String(value));
  }

  toString(): string {
    return this.#markup;
  }
}

type Value = Html | string | number | false | undefined | readonly Value[];

/**
 * Builds markup. Whatever is put in is text: it stays where it is put, between tags or in a quoted attribute, whatever it says.
 * Only markup that was built by this function as well is taken as it is. Never inside `<script>`, `<style>` or an unquoted attribute.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Html {
  return Html.of(literals, values);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
