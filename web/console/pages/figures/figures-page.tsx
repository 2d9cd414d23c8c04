import { NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { answer } from '../../api/client';
import { useLocale, useText } from '../../locale';
import { Fault } from '../../parts/fault';
import { Page } from '../../parts/page';
import { useApi } from '../../session/session';
import { AttributeCostsPicture } from './attribute-costs';
import { BurnDownPicture } from './burn-down';
import { CohortsPicture } from './cohorts';
import { Figure } from './figure';
import { FunnelPicture } from './funnel';
import { LiabilityPicture } from './liability';
import { StoppingTimesPicture } from './stopping-times';
import { texts } from './texts';
import './figures.css';

/** What one offer, or all of them together, have brought. The offer stands in the address, so that a figure can be passed on. */
export default function FiguresPage() {
  const t = useText(texts);
  const [search, setSearch] = useSearchParams();
  const offer = search.get('offer') ?? '';
  const ofOffer: Record<string, string> = offer ? { offer } : {};
  return (
    <Page title={t.title} about={t.lead}>
      <Stack gap="lg">
        <OfferChoice offer={offer} onChoose={(chosen) => setSearch(chosen ? { offer: chosen } : {})} />
        {offer ? (
          <>
            <Figure name="funnel" query={ofOffer} picture={FunnelPicture} />
            <Figure name="burn-down" query={ofOffer} picture={BurnDownPicture} />
          </>
        ) : (
          <Text>{t.chooseOffer}</Text>
        )}
        <Figure name="cohorts" query={ofOffer} picture={CohortsPicture} />
        <Figure name="attribute-costs" picture={AttributeCostsPicture} />
        <Figure name="liability" picture={LiabilityPicture} />
        <Figure name="stopping-times" picture={StoppingTimesPicture} />
      </Stack>
    </Page>
  );
}

function OfferChoice({ offer, onChoose }: { offer: string; onChoose: (offer: string) => void }) {
  const t = useText(texts);
  const { locale } = useLocale();
  const api = useApi();
  const offers = useQuery({
    queryKey: ['offers', 'choice'],
    queryFn: () => answer(api.GET('/v1/offers', { params: { query: { limit: 100 } } })),
  });
  if (offers.data?.data.length === 0) return <Text>{t.noOffers}</Text>;
  return (
    <>
      <Fault error={offers.error} onRetry={() => void offers.refetch()} />
      <NativeSelect
        label={t.offer}
        maw={420}
        value={offer}
        onChange={(event) => onChoose(event.currentTarget.value)}
        data={[
          { value: '', label: t.allOffers },
          ...(offers.data?.data ?? []).map(({ id, title, key }) => ({ value: id, label: title[locale] || key })),
        ]}
      />
    </>
  );
}
