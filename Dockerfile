# The server in production, on any machine that runs containers: see docs/deployment.md.
# `npm run test:smoke` takes these same steps without a container engine, with each version of Node that is supported.
ARG NODE=24

FROM node:${NODE}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Nothing is run to build it: SQLite is compiled below, once.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
RUN npm run build

# The larger image has the compiler and the headers, for where no prebuilt SQLite can be fetched.
FROM node:${NODE}-bookworm AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY src/store/install.mjs src/store/
RUN npm ci --omit=dev && mkdir data

FROM node:${NODE}-bookworm-slim
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# All that the server writes is here, if it keeps its data in SQLite. The rest of the file system may be read-only.
COPY --from=dependencies --chown=1000:1000 /app/data data
VOLUME /app/data
ENV NODE_ENV=production
# In a container, loopback reaches nobody. The server asks for API keys or tokens then.
ENV HOST=0.0.0.0
EXPOSE 4000
# The user `node` of the base image; by number, so that Kubernetes sees that it is not root.
USER 1000:1000
# Whether it lives. Whether it can do its work is what /ready tells, for what stands in front of it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Process 1 itself: it gets SIGTERM, and ends within 10 s, which is what Docker waits.
CMD ["node", "dist/main.js"]
