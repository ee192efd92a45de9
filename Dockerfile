# One container with the whole shop: `kartka run` with nginx, the responders, the worker, and the
# private database under the volume; or, with DB_URL, a database of one's own.
#
#	docker build -t kartka .
#	docker run -d --name kartka --restart unless-stopped --stop-timeout 20 \
#		--env-file .env -v kartka:/var/lib/kartka -p 127.0.0.1:8080:8080 kartka
#	docker exec kartka kartka doctor
#
# TLS ends in a web server before it (README.md); TRUSTED_PROXIES is that server as the container
# sees it, mostly 172.17.0.1.  The sandbox is not in here: a BOT_TOKEN is needed.

FROM debian:12-slim AS build
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends make
WORKDIR /src
COPY fcgi/deps.sh fcgi/deps.sh
RUN fcgi/deps.sh build
COPY . .
RUN make install DESTDIR=/out PREFIX=/usr/local UNITDIR=/usr/local/lib/systemd/system

FROM debian:12-slim
RUN apt-get update && \
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		libfcgi0ldbl libcurl4 libjson-c5 libmariadb3 libssl3 libexpat1 libqrencode4 liboath0 \
		mariadb-server-core mariadb-client nginx-light spawn-fcgi multiwatch \
		ca-certificates tzdata && \
	rm -rf /var/lib/apt/lists/* && \
	useradd --system --no-create-home --shell /usr/sbin/nologin mysql
COPY --from=build /out/usr/local /usr/local
ENV KARTKA_VAR=/var/lib/kartka HTTP_LISTEN=0.0.0.0:8080
VOLUME /var/lib/kartka
EXPOSE 8080
WORKDIR /etc/kartka
HEALTHCHECK --start-period=60s CMD kartka status >/dev/null
CMD ["kartka", "run"]
