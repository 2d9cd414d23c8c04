import { useText } from '../../locale';
import { Page } from '../../parts/page';
import { Figure } from './figure';
import { StoppingTimesPicture } from './stopping-times';
import { texts } from './texts';
import './figures.css';

/** For who watches over revocations, and sees none of marketing's figures. */
export default function StoppingTimesPage() {
  const t = useText(texts);
  return (
    <Page title={t.stopping.title} about={t.stopping.about}>
      <Figure name="stopping-times" picture={StoppingTimesPicture} />
    </Page>
  );
}
