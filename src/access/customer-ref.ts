/** The storefront's own reference of a customer, as the contract has it. */
export const CUSTOMER_REF = /^[A-Za-z0-9._:@|-]{1,128}$/;
