# The service for a PostgreSQL and a Redis of one's own. The embedded PostgreSQL is left out: it is an optional dependency.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run -s build && npm ci --omit=dev --omit=optional

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
# API and worker under one parent; docker-compose.yml runs each in a container of its own.
CMD ["node", "dist/src/start.js"]
