# The personalization service. Builds from a clean checkout; runs as an unprivileged user with its state on a volume.
#
#   docker build -t millrace .
#   docker run -p 8080:8080 -v millrace-state:/var/lib/millrace millrace --brokers kafka:9092
#
# Without --brokers it is the simulated shop, open to all who reach the port: docs/doors.md, "Who may".

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY schemas ./schemas
COPY lib ./lib
RUN npm run build
# Leaves what the service runs on: the library's dependencies and the optional peers, in the versions of the lock file.
RUN node scripts/image-manifest.mjs && npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/schemas ./schemas
COPY --from=build /app/dist ./dist
RUN mkdir -p -m 0700 /var/lib/millrace && chown node:node /var/lib/millrace
USER node
VOLUME /var/lib/millrace
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/lib/personalization/cli/start.js", "--state-dir", "/var/lib/millrace", "--host", "0.0.0.0"]
