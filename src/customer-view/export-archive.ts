import { strToU8, Zip, ZipDeflate } from 'fflate';
import type { ExportContents } from './export-contents';
import { consentsAsCsv, disclosuresAsCsv, entriesAsCsv, exportAsJson, valuesAsCsv } from './export-text';

interface ArchiveFile {
  name: string;
  content: Iterable<string> | AsyncIterable<string>;
}

/** Everything as one archive (ZIP), made while it is read: what is in memory does not grow with what is in it. */
export async function* exportAsArchive(contents: ExportContents): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  for await (const { name, content } of filesOf(contents)) {
    const file = new ZipDeflate(name);
    zip.add(file);
    for await (const part of content) {
      file.push(strToU8(part));
      yield* ready.splice(0);
    }
    file.push(new Uint8Array(), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}

async function* filesOf(contents: ExportContents): AsyncGenerator<ArchiveFile> {
  const { head, shares, disclosures, entries } = contents;
  yield { name: 'LIESMICH.txt', content: [LIESMICH] };
  yield { name: 'README.txt', content: [README] };
  yield { name: 'export.json', content: exportAsJson(contents) };
  yield { name: 'values.csv', content: [valuesAsCsv(head.values)] };
  yield { name: 'consents.csv', content: [consentsAsCsv(head.consents)] };
  yield { name: 'disclosures.csv', content: disclosuresAsCsv(disclosures()) };
  yield { name: 'points.csv', content: entriesAsCsv(entries()) };
  for await (const part of shares()) {
    for (const { shareId, receipt } of part) yield { name: `receipts/${shareId}.jws`, content: [receipt] };
  }
}

const LIESMICH = `Deine Daten

Dieses Archiv enthält alles, was über dich gespeichert ist (Auskunft nach Art. 15 DSGVO), in Formaten, die auch
Programme lesen können (Datenübertragbarkeit nach Art. 20 DSGVO).

export.json      alles, genau wie es gespeichert ist
values.csv       was du geteilt hast
consents.csv     wozu du eingewilligt hast, wem gegenüber, bis wann
disclosures.csv  wer deine Angaben wann und wofür bekommen hat (kind "predicate": nur eine Antwort auf eine Frage)
points.csv       jede Veränderung deiner Punkte und ihr Grund
receipts/        zu jeder Einwilligung ein signierter Beleg (JWS); die Schlüssel zum Prüfen stehen unter
                 /.well-known/jwks.json

Die CSV-Dateien folgen RFC 4180 in UTF-8. Ein Apostroph vor =, +, - oder @ hält Tabellenprogramme davon ab, Text als Formel
zu lesen; in export.json steht er nicht. Zeiten sind in UTC. Diese Abfrage selbst steht unter "exports" in export.json.
`;

const README = `Your data

This archive holds everything that is stored about you (access, GDPR Art. 15), in formats that programs can read as well
(portability, GDPR Art. 20).

export.json      everything, exactly as it is stored
values.csv       what you shared
consents.csv     what you consented to, for whom, and until when
disclosures.csv  who was given your data, when and what for (kind "predicate": only an answer to a question)
points.csv       every change of your points and why
receipts/        a signed receipt of each consent (JWS); the keys to verify it with are at /.well-known/jwks.json

The CSV files follow RFC 4180 in UTF-8. An apostrophe before =, +, - or @ keeps spreadsheets from reading text as a formula;
it is not in export.json. Times are in UTC. This request itself is among "exports" in export.json.
`;
