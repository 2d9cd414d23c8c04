import { Page } from '../../parts/page';

export default function OffersPage() {
  return <Page title="Angebote">…</Page>;
}
