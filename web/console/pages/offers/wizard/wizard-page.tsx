import { useParams } from 'wouter';
import { useText } from '../../../locale';
import { Fault } from '../../../parts/fault';
import { Page } from '../../../parts/page';
import { Waiting } from '../../../parts/waiting';
import { texts } from '../texts';
import { useCatalogue } from '../use-catalogue';
import { useOffer } from '../use-offers';
import { Wizard } from './wizard';

/** A new offer, or the draft of one: `/offers/new`, `/offers/:id/edit`. */
export default function WizardPage() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <NewOffer /> : <EditOffer key={id} id={id} />;
}

function NewOffer() {
  const t = useText(texts);
  const catalogue = useCatalogue();
  if (catalogue.data) return <Wizard catalogue={catalogue.data} offer={undefined} />;
  return (
    <Page title={t.wizardNew}>
      <Fault error={catalogue.error} onRetry={() => void catalogue.refetch()} />
      {catalogue.isPending && <Waiting />}
    </Page>
  );
}

function EditOffer({ id }: { id: string }) {
  const t = useText(texts);
  const catalogue = useCatalogue();
  const offer = useOffer(id);
  if (catalogue.data && offer.data) return <Wizard catalogue={catalogue.data} offer={offer.data} />;
  const failed = [catalogue, offer].find(({ error }) => error);
  return (
    <Page title={t.edit}>
      <Fault error={failed?.error} onRetry={() => void failed?.refetch()} />
      {!failed && <Waiting />}
    </Page>
  );
}
