export { AccountingModule } from './accounting.module';
export { liabilityOf } from './liability';
