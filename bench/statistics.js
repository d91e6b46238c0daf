/** The middle value, or between the two middle ones. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** One number of two candidates, divided round by round: what slows the machine in a round slows both. */
export function ratios(dividends, divisors, key) {
  const all = dividends.map((dividend, round) => dividend[key] / divisors[round][key]);
  return { middle: median(all), low: Math.min(...all), high: Math.max(...all) };
}

/** Rows as lines of equally wide columns, the first column to the left and numbers to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return rows.map((row) => `  ${row.map(pad).join('  ')}`.trimEnd()).join('\n');
}
