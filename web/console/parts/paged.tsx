import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useText } from '../locale';
import { DataTable, type DataTableProps } from './data-table';
import { Fault } from './fault';
import { texts } from './texts';
import { Waiting } from './waiting';

interface PageOf<Row> {
  data: Row[];
  nextCursor: string | null;
}

/** A list of the API, page by page. `key`: what it is kept under; another one is another list. */
export function usePaged<Row>(key: unknown[], fetchPage: (after: { after?: string }) => Promise<PageOf<Row>>) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(pageParam === null ? {} : { after: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    select: ({ pages }) => pages.flatMap(({ data }) => data),
  });
}

interface PagedTableProps<Row> extends Omit<DataTableProps<Row>, 'rows'> {
  list: ReturnType<typeof usePaged<Row>>;
}

/** The pages that have come so far, as one table. */
export function PagedTable<Row>({ list, ...table }: PagedTableProps<Row>) {
  const t = useText(texts);
  return (
    <>
      <Fault error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending && <Waiting />}
      {list.data && <DataTable {...table} rows={list.data} />}
      {list.hasNextPage && (
        <Button variant="default" mt="md" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      )}
    </>
  );
}
