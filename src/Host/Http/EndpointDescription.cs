// What /openapi.json says of an endpoint. Without effect on what it answers.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>Describes mapped routes.</summary>
internal static class EndpointDescription
{
    private const string Json = "application/json";

    /// <summary>An endpoint that answers JSON.</summary>
    /// <param name="route">The endpoint.</param>
    /// <param name="summary">One line.</param>
    /// <param name="refusals">The statuses of its refusals, all with an <see cref="ErrorBody"/>.</param>
    public static RouteHandlerBuilder Answers<TBody>(this RouteHandlerBuilder route, string summary, params ReadOnlySpan<int> refusals) =>
        route.WithSummary(summary).Produces<TBody>(StatusCodes.Status200OK, Json).Refuses(refusals);

    /// <summary>An endpoint that answers text.</summary>
    public static RouteHandlerBuilder AnswersText(this RouteHandlerBuilder route, string summary, params ReadOnlySpan<int> refusals) =>
        route.WithSummary(summary).Produces<string>(StatusCodes.Status200OK, "text/plain").Refuses(refusals);

    /// <summary>The statuses of an endpoint's refusals, all with an <see cref="ErrorBody"/>.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            route.Produces<ErrorBody>(status, Json);
        return route;
    }
}
