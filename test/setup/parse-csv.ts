/** Reads RFC 4180, as strictly as it is written there. */
export function parseCsv(written: string): string[][] {
  const records: string[][] = [];
  let rest = written;
  while (rest !== '') {
    const record: string[] = [];
    for (;;) {
      const [cell] = /^(?:"(?:[^"]|"")*"|[^",\r\n]*)/.exec(rest)!;
      record.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
      rest = rest.slice(cell.length);
      if (!rest.startsWith(',')) break;
      rest = rest.slice(1);
    }
    if (!rest.startsWith('\r\n')) throw new Error(`No end of record before ${rest.slice(0, 20)}`);
    rest = rest.slice(2);
    records.push(record);
  }
  return records;
}
