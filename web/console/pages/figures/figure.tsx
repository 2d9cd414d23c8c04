import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { answer, type Api } from '../../api/client';
import { useLocale, useText } from '../../locale';
import { saveFile } from '../../../shared/save-file';
import { Fault } from '../../parts/fault';
import { Waiting } from '../../parts/waiting';
import { useApi } from '../../session/session';
import { figureFormatsOf, type Formats } from './formats';
import type { AttributeCosts, BurnDown, Cohorts, Funnel, Liability, StoppingTimes } from './shapes';
import { texts, type FigureWords } from './texts';

/** The figures there are, by their place under `/v1/figures`. */
interface Figures {
  funnel: Funnel;
  'burn-down': BurnDown;
  cohorts: Cohorts;
  'attribute-costs': AttributeCosts;
  liability: Liability;
  'stopping-times': StoppingTimes;
}

/** What a picture is drawn from. */
export interface PictureOf<T> {
  figure: T;
  words: FigureWords;
  formats: Formats;
  onCsv: () => void;
}

interface FigureProps<Name extends keyof Figures> {
  name: Name;
  query?: Record<string, string>;
  picture: (props: PictureOf<Figures[Name]>) => ReactNode;
}

/** One figure: on its way, refused, or as its picture. Each by itself, so that a slow one holds nobody up. */
export function Figure<Name extends keyof Figures>({ name, query = {}, picture: Picture }: FigureProps<Name>) {
  const api = useApi();
  const { locale } = useLocale();
  const words = useText(texts);
  const figure = useQuery({
    queryKey: ['figures', name, query],
    queryFn: () => answer(get<Figures[Name]>(api, name, query, 'json')),
  });
  const csv = useMutation({
    mutationFn: async () =>
      saveFile(`${name}.csv`, await answer(get<Blob>(api, name, { ...query, format: 'csv' }, 'blob'))),
  });
  const onCsv = () => csv.mutate();
  return (
    <>
      <Fault error={figure.error} onRetry={() => void figure.refetch()} />
      <Fault error={csv.error} onRetry={onCsv} />
      {figure.isPending && <Waiting />}
      {figure.data && <Picture figure={figure.data} words={words} formats={figureFormatsOf(locale)} onCsv={onCsv} />}
    </>
  );
}

/** All figures are asked for in the same way, which their paths do not say to the compiler. */
function get<T>(api: Api, name: keyof Figures, query: Record<string, string>, parseAs: 'json' | 'blob') {
  const call = api.GET as (path: string, init: object) => Promise<{ data?: T }>;
  return call(`/v1/figures/${name}`, { params: { query }, parseAs });
}
