import { version } from "@pulumi/cloudflare/package.json";
import { servePlugin } from "../lib";
import { dnsRecord } from "./dns-record";
import {
  getRulesets,
  healthcheck,
  notificationPolicy,
  notificationPolicyWebhooks,
  ruleset,
  turnstileWidget,
} from "./edge-resources";
import { getDnsRecords, getIpRanges, getZone, getZones, getZoneSetting } from "./functions";
import { originCaCertificate } from "./origin-ca-certificate";
import { checkConfig, CONFIG, configure } from "./provider-config";
import { zone } from "./zone";
import { zoneDnssec } from "./zone-dnssec";
import { zoneSetting } from "./zone-setting";

servePlugin({
  name: "cloudflare",
  version,
  config: CONFIG,
  checkConfig,
  configure,
  resources: {
    "cloudflare:index/dnsRecord:DnsRecord": dnsRecord,
    "cloudflare:index/healthcheck:Healthcheck": healthcheck,
    "cloudflare:index/notificationPolicy:NotificationPolicy": notificationPolicy,
    "cloudflare:index/notificationPolicyWebhooks:NotificationPolicyWebhooks": notificationPolicyWebhooks,
    "cloudflare:index/originCaCertificate:OriginCaCertificate": originCaCertificate,
    "cloudflare:index/ruleset:Ruleset": ruleset,
    "cloudflare:index/turnstileWidget:TurnstileWidget": turnstileWidget,
    "cloudflare:index/zone:Zone": zone,
    "cloudflare:index/zoneDnssec:ZoneDnssec": zoneDnssec,
    "cloudflare:index/zoneSetting:ZoneSetting": zoneSetting,
  },
  functions: {
    "cloudflare:index/getDnsRecords:getDnsRecords": getDnsRecords,
    "cloudflare:index/getIpRanges:getIpRanges": getIpRanges,
    "cloudflare:index/getRulesets:getRulesets": getRulesets,
    "cloudflare:index/getZone:getZone": getZone,
    "cloudflare:index/getZoneSetting:getZoneSetting": getZoneSetting,
    "cloudflare:index/getZones:getZones": getZones,
  },
});
