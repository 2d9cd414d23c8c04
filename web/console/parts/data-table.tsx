import { Table, Text } from '@mantine/core';
import { useId, type ReactNode } from 'react';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand under one another. */
  numeric?: boolean;
}

export interface DataTableProps<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Said in place of a table without rows. */
  empty: string;
}

/** The first column names its row. What does not fit scrolls by itself, for the keyboard as well. */
export function DataTable<Row>({ caption, columns, rows, keyOf, empty }: DataTableProps<Row>) {
  const captionId = useId();
  if (rows.length === 0) return <Text c="dimmed">{empty}</Text>;
  return (
    <div className="scrolls" role="region" aria-labelledby={captionId} tabIndex={0}>
      <Table verticalSpacing="xs">
        <Table.Caption id={captionId} className="spoken-only">
          {caption}
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ title, numeric }) => (
              <Table.Th key={title} scope="col" ta={numeric ? 'right' : undefined}>
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {columns.map((column, index) => (
                <CellOf key={column.title} column={column} row={row} first={index === 0} />
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function CellOf<Row>({ column, row, first }: { column: Column<Row>; row: Row; first: boolean }) {
  const align = column.numeric ? 'right' : undefined;
  if (!first) return <Table.Td ta={align}>{column.cell(row)}</Table.Td>;
  return (
    <Table.Th scope="row" fw={500} ta={align}>
      {column.cell(row)}
    </Table.Th>
  );
}
