import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer, type Api } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useApi } from '../../session/session';
import type { Offer } from './offer';

const offerKey = (id: string) => ['offers', 'one', id];

export function useOfferList() {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['offers', 'list'],
    queryFn: ({ pageParam }) =>
      answer(api.GET('/v1/offers', { params: { query: { limit: 50, ...(pageParam && { after: pageParam }) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
}

export function useOffer(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: offerKey(id),
    queryFn: () => answer(api.GET('/v1/offers/{id}', { params: { path: { id } } })),
  });
}

/** Something that is done to an offer and answers with how it is then: shown at once, and all that depends on it asked for again. */
export function useOfferChange<Input = void>(change: (api: Api, input: Input) => Promise<Offer>) {
  const api = useApi();
  const queries = useQueryClient();
  const readAgain = useReadAgain();
  return useMutation({
    mutationFn: (input: Input) => change(api, input),
    onSuccess: (offer) => {
      queries.setQueryData(offerKey(offer.id), offer);
      void readAgain('offers');
    },
  });
}
