import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import type { Column } from '../../parts/data-table';
import { DataTable } from '../../parts/data-table';
import type { FigureWords } from './texts';

interface PictureProps<Row> {
  title: string;
  summary: string;
  words: FigureWords;
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  onCsv: () => void;
  /** It is a table itself, and is read as one. */
  readable?: boolean;
  children: ReactNode;
}

/**
 * A picture with its words: what it shows as a sentence, the picture (one image for a screen reader, with that sentence as its name),
 * and the same numbers as a table and as CSV.
 */
export function Picture<Row>({
  title,
  summary,
  words,
  columns,
  rows,
  keyOf,
  onCsv,
  readable,
  children,
}: PictureProps<Row>) {
  const titleId = useId();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby={titleId}>
      <Stack gap="sm">
        <Title order={2} size="h4" id={titleId}>
          {title}
        </Title>
        <Text>{summary}</Text>
        {readable ? (
          children
        ) : (
          <div role="img" aria-label={summary}>
            {children}
          </div>
        )}
        <details>
          <summary>{words.table}</summary>
          <DataTable caption={title} columns={columns} rows={rows} keyOf={keyOf} empty={words.nothingYet} />
        </details>
        <Group>
          <Button variant="default" size="sm" onClick={onCsv} aria-label={`${words.csv}: ${title}`}>
            {words.csv}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
