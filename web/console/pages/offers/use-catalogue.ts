import { useQuery } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { allOf } from '../../api/all-of';
import { useApi } from '../../session/session';

export interface Catalogue {
  attributes: Schemas['AttributeDto'][];
  purposes: Schemas['PurposeDto'][];
  recipients: Schemas['RecipientDto'][];
}

/** What an offer can ask for, and who would get it. */
export function useCatalogue() {
  const api = useApi();
  return useQuery({
    queryKey: ['catalogue', 'whole'],
    queryFn: async (): Promise<Catalogue> => {
      const pageOf = (after: string | undefined) => ({ params: { query: { limit: 100, ...(after && { after }) } } });
      const [attributes, purposes, recipients] = await Promise.all([
        allOf((after) => answer(api.GET('/v1/attributes', pageOf(after)))),
        allOf((after) => answer(api.GET('/v1/purposes', pageOf(after)))),
        allOf((after) => answer(api.GET('/v1/recipients', pageOf(after)))),
      ]);
      return { attributes, purposes, recipients };
    },
  });
}
