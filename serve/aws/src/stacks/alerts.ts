/** @module Where alarms go, and the budget. */
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import { Alarm, type AlarmProps, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { DeploymentSettings } from "../../../../src/deployment/settings";

/** Services that publish to the topic. */
const PUBLISHERS = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"];

export class AlertsStack extends Stack {
  readonly topic: Topic;

  constructor(scope: Construct, settings: DeploymentSettings) {
    super(scope, `${settings.name}-alerts`, { description: "Alarm topic and budget" });
    const key = new Key(this, "Key", {
      description: "Encrypts the alarm topic",
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.topic = new Topic(this, "Topic", { masterKey: key, enforceSSL: true, displayName: `${settings.name} alarms` });
    for (const service of PUBLISHERS) {
      const principals = [new ServicePrincipal(service)];
      const conditions = { StringEquals: { "aws:SourceAccount": this.account } };
      const statement = (actions: string[], resource: string) =>
        new PolicyStatement({ principals, actions, resources: [resource], conditions });
      key.addToResourcePolicy(statement(["kms:Decrypt", "kms:GenerateDataKey"], "*"));
      this.topic.addToResourcePolicy(statement(["sns:Publish"], this.topic.topicArn));
    }
    if (settings.alarmEmail) this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));

    const notice = (threshold: number, notificationType: "ACTUAL" | "FORECASTED") => ({
      notification: { comparisonOperator: "GREATER_THAN", threshold, thresholdType: "PERCENTAGE", notificationType },
      subscribers: [{ subscriptionType: "SNS", address: this.topic.topicArn }],
    });
    const budget = new CfnBudget(this, "Budget", {
      budget: {
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetName: `${settings.name}-monthly`,
        budgetLimit: { amount: settings.monthlyBudgetUsd, unit: "USD" },
        costFilters: { TagKeyValue: [`user:project$${settings.name}`] },
      },
      notificationsWithSubscribers: [notice(50, "ACTUAL"), notice(90, "ACTUAL"), notice(100, "FORECASTED")],
    });
    // The topic's policy comes first: without it the budget service may not publish, and creating the budget fails.
    budget.node.addDependency(this.topic.node.findChild("Policy"));
  }

  /** An alarm that notifies the topic when it starts and when it ends. Missing data raises no alarm unless `props` says so. */
  alarm(scope: Construct, id: string, props: AlarmProps): Alarm {
    const alarm = new Alarm(scope, id, { treatMissingData: TreatMissingData.NOT_BREACHING, ...props });
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  }
}
