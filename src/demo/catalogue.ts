/** What the demo's programme is made of: a running shop with a bakery café, in German and English. */

export const PROGRAMME_NAME = 'Morgenrot Laufcafé';

export const ATTRIBUTES = [
  {
    key: 'birthday',
    title: { de: 'Geburtstag', en: 'Birthday' },
    schema: { type: 'string', format: 'date' },
    sensitivity: 'ordinary',
    retentionDays: 730,
  },
  {
    key: 'shoeSize',
    title: { de: 'Schuhgröße (EU)', en: 'Shoe size (EU)' },
    schema: { type: 'number', minimum: 30, maximum: 52, multipleOf: 0.5 },
    sensitivity: 'ordinary',
    retentionDays: 730,
  },
  {
    key: 'favouriteBreakfast',
    title: { de: 'Lieblingsfrühstück', en: 'Favourite breakfast' },
    schema: {
      type: 'string',
      enum: ['porridge', 'rolls', 'croissant', 'eggs', 'coffeeOnly'],
      'x-titles': {
        porridge: { de: 'Haferbrei', en: 'Porridge' },
        rolls: { de: 'Brötchen', en: 'Rolls' },
        croissant: { de: 'Croissant', en: 'Croissant' },
        eggs: { de: 'Eier', en: 'Eggs' },
        coffeeOnly: { de: 'Nur Kaffee', en: 'Coffee only' },
      },
    },
    sensitivity: 'ordinary',
    retentionDays: 365,
  },
  {
    key: 'householdSize',
    title: { de: 'Personen im Haushalt', en: 'People in your household' },
    schema: { type: 'integer', minimum: 1, maximum: 12 },
    sensitivity: 'ordinary',
    retentionDays: 365,
  },
  {
    key: 'postcodeArea',
    title: { de: 'Postleitzahlgebiet (die ersten zwei Ziffern)', en: 'Postcode area (the first two digits)' },
    schema: { type: 'string', pattern: '^[0-9]{2}$' },
    sensitivity: 'ordinary',
    retentionDays: 365,
  },
  {
    key: 'newsTopics',
    title: { de: 'Themen, die dich interessieren', en: 'Topics you care about' },
    schema: {
      type: 'array',
      items: {
        enum: ['running', 'baking', 'events', 'repairs'],
        'x-titles': {
          running: { de: 'Laufen', en: 'Running' },
          baking: { de: 'Backen', en: 'Baking' },
          events: { de: 'Veranstaltungen', en: 'Events' },
          repairs: { de: 'Reparaturen', en: 'Repairs' },
        },
      },
      minItems: 1,
      uniqueItems: true,
    },
    sensitivity: 'ordinary',
    retentionDays: 365,
  },
  {
    // What somebody does not eat can tell of health or religion (GDPR Art. 9).
    key: 'diet',
    title: { de: 'Ernährung', en: 'Diet' },
    schema: {
      type: 'string',
      enum: ['everything', 'vegetarian', 'vegan', 'halal', 'kosher', 'glutenFree'],
      'x-titles': {
        everything: { de: 'Alles', en: 'Everything' },
        vegetarian: { de: 'Vegetarisch', en: 'Vegetarian' },
        vegan: { de: 'Vegan', en: 'Vegan' },
        halal: { de: 'Halal', en: 'Halal' },
        kosher: { de: 'Koscher', en: 'Kosher' },
        glutenFree: { de: 'Glutenfrei', en: 'Gluten-free' },
      },
    },
    sensitivity: 'special',
    retentionDays: 180,
  },
];

export const PURPOSES = [
  {
    key: 'birthdayGreeting',
    title: { de: 'Geburtstagsgruß', en: 'Birthday greeting' },
    description: {
      de: 'Wir gratulieren dir an deinem Geburtstag mit einer Karte und einem Stück Kuchen im Café.',
      en: 'We congratulate you on your birthday with a card and a piece of cake at the café.',
    },
  },
  {
    key: 'recommendation',
    title: { de: 'Passende Vorschläge', en: 'Suggestions that fit' },
    description: {
      de: 'Wir zeigen dir im Laden und im Netz zuerst, was dir passt.',
      en: 'In the shop and online we show you first what fits you.',
    },
  },
  {
    key: 'bakingPlan',
    title: { de: 'Backplan', en: 'Baking plan' },
    description: {
      de: 'Wir backen, was gegessen wird, und werfen weniger weg. Ausgewertet werden nur Summen.',
      en: 'We bake what will be eaten and throw away less. Only totals are looked at.',
    },
  },
  {
    key: 'newsletter',
    title: { de: 'Rundbrief', en: 'Newsletter' },
    description: {
      de: 'Einmal im Monat ein Brief zu den Themen, die du gewählt hast.',
      en: 'A letter once a month on the topics that you chose.',
    },
    dpv: 'dpv:DirectMarketing',
  },
  {
    key: 'invitation',
    title: { de: 'Einladungen in deiner Nähe', en: 'Invitations near you' },
    description: {
      de: 'Wir laden dich zu Lauftreffs und Abenden in deiner Gegend ein.',
      en: 'We invite you to group runs and evenings in your area.',
    },
  },
];

export const RECIPIENTS = [
  { key: 'newsletter', name: 'Brieftaube Newsletter', purposes: ['birthdayGreeting', 'newsletter', 'invitation'] },
  { key: 'recommender', name: 'Fährte Empfehlungen', purposes: ['recommendation'] },
  { key: 'planner', name: 'Ofenplan Backplanung', purposes: ['bakingPlan'] },
] as const;

const optional = (key: string) => ({ key, required: false });

export const OFFERS = [
  {
    key: 'birthday',
    title: { de: 'Dein Geburtstag', en: 'Your birthday' },
    text: {
      de: 'Verrate uns deinen Geburtstag, und wir gratulieren dir.',
      en: 'Tell us your birthday, and we will congratulate you.',
    },
    asks: [{ attribute: 'birthday', purposes: ['birthdayGreeting', optional('recommendation')], required: true }],
    reward: { type: 'points', points: 120 },
  },
  {
    key: 'shoe-size',
    title: { de: 'Schuhe, die passen', en: 'Shoes that fit' },
    text: {
      de: 'Mit deiner Schuhgröße zeigen wir dir nur Schuhe, die es in deiner Größe gibt.',
      en: 'With your shoe size we show you only shoes that we have in your size.',
    },
    asks: [{ attribute: 'shoeSize', purposes: ['recommendation'], required: true }],
    reward: {
      type: 'discount',
      discount: { kind: 'percent', percent: 10, validDays: 60, minimumOrderMinor: 4000, currency: 'EUR' },
    },
  },
  {
    key: 'breakfast',
    title: { de: 'Was du morgens magst', en: 'What you like in the morning' },
    text: {
      de: 'Sag uns, was du frühstückst, und wir backen davon genug.',
      en: 'Tell us what you have for breakfast, and we will bake enough of it.',
    },
    asks: [
      { attribute: 'favouriteBreakfast', purposes: ['bakingPlan', optional('recommendation')], required: true },
      { attribute: 'householdSize', purposes: ['bakingPlan'], required: false },
    ],
    reward: { type: 'points', points: 80 },
    validDays: 365,
    budget: { points: 40_000 },
    perCustomer: { times: 1, everyDays: 180 },
  },
  {
    key: 'diet',
    title: { de: 'Was bei dir nicht auf den Teller kommt', en: 'What stays off your plate' },
    text: {
      de: 'Wenn du magst, sag uns, wie du dich ernährst: Dann ist immer etwas für dich da.',
      en: 'If you like, tell us how you eat: then there is always something for you.',
    },
    asks: [{ attribute: 'diet', purposes: ['bakingPlan'], required: true }],
    reward: { type: 'points', points: 60 },
  },
  {
    key: 'regulars',
    title: { de: 'Ein Brief für Stammgäste', en: 'A letter for regulars' },
    text: {
      de: 'Du kommst öfter. Sag uns, wovon unser Rundbrief für dich handeln soll.',
      en: 'You come by often. Tell us what our newsletter for you should be about.',
    },
    asks: [{ attribute: 'newsTopics', purposes: ['newsletter'], required: true }],
    reward: {
      type: 'discount',
      discount: { kind: 'amount', amountMinor: 500, currency: 'EUR', validDays: 30, minimumOrderMinor: 2000 },
    },
    eligibility: 'orders >= 3 && country in ["DE", "AT", "CH"]',
    budget: { codes: 2_000 },
  },
  {
    key: 'tasting-evening',
    title: { de: 'Abend mit Brot und Bier', en: 'An evening of bread and beer' },
    text: {
      de: 'Wir laden Erwachsene in der Nähe zu unserem Abend mit Brot und Bier ein.',
      en: 'We invite adults nearby to our evening of bread and beer.',
    },
    asks: [{ attribute: 'postcodeArea', purposes: ['invitation'], required: true }],
    reward: { type: 'points', points: 50 },
    validDays: 120,
    minimumAge: 18,
    regions: ['DE', 'AT', 'CH'],
  },
];
