/** The personalization service, by somebody who imports it alone. */
import {
  activityOf,
  armOf,
  DEFAULT_GATE,
  decisionId,
  PersonalizationServer,
  type PersonalizationService,
  personalizationTopology,
  plainSerdes,
  SessionRecommender,
  servicePort,
  simulatorInput,
  topicNames,
} from 'millrace/personalization'

export const gate = DEFAULT_GATE
export const names = topicNames('shop-')
export const serdes = plainSerdes()
export const recommender = new SessionRecommender()
export const recommended = recommender.recommend(['a'])
export const functions = { activityOf, armOf, decisionId, servicePort, simulatorInput, personalizationTopology }
export const parts = (service: PersonalizationService) => ({
  streams: service.streams,
  summary: service.summary(),
  options: service.options,
  topics: service.topics,
  admin: service.admin,
})
export class OwnServer extends PersonalizationServer {}
